-- What an auditor needs to know of each account's range: how many polls it has, the first and the last of the
-- captures that the report stands on, and the chain's head before the one and at the other. Those are what was
-- received in the range, from whatever endpoint, and what told later of a time in it. LIMIT -1 keeps the
-- counting from looking up bodies. After with_range and with_money_asked.
, audited AS MATERIALIZED (
    SELECT account_id,
           name AS account,
           coalesce(:from_ms, 0) AS from_ms,
           coalesce(:to_ms, 9e18) AS to_ms
      FROM account
     WHERE :account IS NULL OR name = :account
),
span (account, first_capture, last_capture) AS (
    SELECT a.account,
           (SELECT min(s.capture_id)
              FROM capture AS s
             WHERE s.account_id = a.account_id
               AND s.endpoint = e.endpoint
               AND s.received_ms = (SELECT min(received_ms)
                                      FROM capture
                                     WHERE account_id = a.account_id
                                       AND endpoint = e.endpoint
                                       AND received_ms >= a.from_ms AND received_ms < a.to_ms)),
           (SELECT max(s.capture_id)
              FROM capture AS s
             WHERE s.account_id = a.account_id
               AND s.endpoint = e.endpoint
               AND s.received_ms = (SELECT max(received_ms)
                                      FROM capture
                                     WHERE account_id = a.account_id
                                       AND endpoint = e.endpoint
                                       AND received_ms >= a.from_ms AND received_ms < a.to_ms))
      FROM audited AS a
     CROSS JOIN (SELECT value AS endpoint
                   FROM json_each('["positionRisk","exchangeInfo","account","income","userTrades","userData"]')) AS e
    UNION ALL
    SELECT a.account, i.capture_id, i.capture_id
      FROM audited AS a
     CROSS JOIN income AS i ON i.account_id = a.account_id AND i.time_ms >= a.from_ms AND i.time_ms < a.to_ms
    UNION ALL
    SELECT a.account, t.capture_id, t.capture_id
      FROM audited AS a
     CROSS JOIN leg AS l ON l.account_id = a.account_id
     CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms >= a.from_ms AND t.time_ms < a.to_ms
    UNION ALL
    SELECT a.account, u.capture_id, u.capture_id
      FROM audited AS a
     CROSS JOIN leg AS l ON l.account_id = a.account_id
     CROSS JOIN position_update AS u
        ON u.leg_id = l.leg_id AND u.transaction_ms >= a.from_ms AND u.transaction_ms < a.to_ms
    UNION ALL
    SELECT account, capture_id, capture_id FROM cut
),
bound AS MATERIALIZED (
    SELECT account, min(first_capture) AS first_capture, max(last_capture) AS last_capture
      FROM span
     GROUP BY account
)
SELECT d.account,
       f.received AS first_received,
       z.received AS last_received,
       (SELECT count(*)
          FROM (SELECT 1
                  FROM poll_log
                 WHERE account = d.account AND received_ms >= a.from_ms AND received_ms < a.to_ms
                   AND outcome = 'ok'
                 LIMIT -1)) AS good_polls,
       (SELECT count(*)
          FROM (SELECT 1
                  FROM poll_log
                 WHERE account = d.account AND received_ms >= a.from_ms AND received_ms < a.to_ms
                   AND outcome <> 'ok'
                 LIMIT -1)) AS failed_polls,
       d.first_capture,
       d.last_capture,
       coalesce((SELECT p.chain FROM capture_log AS p WHERE p.capture_id = d.first_capture - 1),
                '(the chain begins here)') AS head_before,
       z.chain AS head_at_end
  FROM bound AS d
 CROSS JOIN audited AS a ON a.account = d.account
 CROSS JOIN capture_log AS f ON f.capture_id = d.first_capture
 CROSS JOIN capture_log AS z ON z.capture_id = d.last_capture
 ORDER BY d.account;
