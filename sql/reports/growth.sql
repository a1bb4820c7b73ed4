-- The polls of the day before :now_ms as a share of all captures, in millionths.
SELECT 1000000 * sum((SELECT count(*)
                        FROM poll_log AS p
                       WHERE p.account = r.account AND p.received_ms > :now_ms - 86400000))
       / max(1, (SELECT s.capture_id FROM capture_log AS s ORDER BY s.capture_id DESC LIMIT 1)) AS share_e6
  FROM account_range AS r;
