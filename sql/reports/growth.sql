-- The share of all polls that came within the day before :now_ms, in millionths.
SELECT 1000000 * sum((SELECT count(*)
                        FROM poll_log AS p
                       WHERE p.account = r.account AND p.received_ms > :now_ms - 86400000))
       / max(1, (SELECT p.poll_id FROM poll_log AS p ORDER BY p.poll_id DESC LIMIT 1)) AS share_e6
  FROM account_range AS r;
