-- How long ago, in ms, the last good poll of :account was, or of the account that has waited longest.
SELECT max(coalesce(:now_ms + coalesce((SELECT p.clock_offset_ms
                                          FROM poll_log AS p
                                         WHERE p.account = r.account
                                         ORDER BY p.received_ms DESC LIMIT 1), 0)
                    - (SELECT p.received_ms
                         FROM poll_log AS p
                        WHERE p.account = r.account AND p.outcome = 'ok'
                        ORDER BY p.received_ms DESC LIMIT 1),
                    9223372036854775807)) AS age_ms
  FROM account_range AS r
 WHERE :account IS NULL OR r.account = :account;
