-- How long ago, in ms, the last good poll of :account was, or of the account that has waited longest; below
-- -:ahead_ms when one lies further in the future than clocks are corrected, whatever the others' are.
SELECT iif(min(a.age_ms) < -:ahead_ms, min(a.age_ms), max(a.age_ms)) AS age_ms
  FROM (SELECT coalesce(:now_ms + coalesce((SELECT p.clock_offset_ms
                                              FROM poll_log AS p
                                             WHERE p.account = r.account
                                             ORDER BY p.received_ms DESC LIMIT 1), 0)
                        - (SELECT p.received_ms
                             FROM poll_log AS p
                            WHERE p.account = r.account AND p.outcome = 'ok'
                            ORDER BY p.received_ms DESC LIMIT 1),
                        9223372036854775807) AS age_ms
          FROM account_range AS r
         WHERE :account IS NULL OR r.account = :account) AS a;
