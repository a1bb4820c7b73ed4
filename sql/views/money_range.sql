-- Every account whose money is recorded, from the first to the last that is known of it.
CREATE VIEW money_range AS
SELECT account,
       min(from_ms) AS from_ms,
       max(to_ms) AS to_ms
  FROM (SELECT a.name AS account,
               (SELECT min(time_ms) FROM income WHERE account_id = a.account_id) AS from_ms,
               (SELECT max(time_ms) FROM income WHERE account_id = a.account_id) AS to_ms
          FROM account AS a
         UNION ALL
        SELECT a.name,
               (SELECT min(received_ms)
                  FROM capture_read
                 WHERE account_id = a.account_id AND endpoint = e.endpoint AND outcome = 'ok'),
               (SELECT max(received_ms)
                  FROM capture_read
                 WHERE account_id = a.account_id AND endpoint = e.endpoint AND outcome = 'ok')
          FROM account AS a
         CROSS JOIN (SELECT 'account' AS endpoint
                      UNION ALL
                     SELECT 'income'
                      UNION ALL
                     SELECT 'userTrades') AS e
         UNION ALL
        SELECT a.name, min(f.time_ms), max(z.time_ms)
          FROM account AS a
         CROSS JOIN leg AS l ON l.account_id = a.account_id
         CROSS JOIN trade AS f
            ON f.leg_id = l.leg_id
           AND f.time_ms = (SELECT min(time_ms) FROM trade WHERE leg_id = l.leg_id)
         CROSS JOIN trade AS z
            ON z.leg_id = l.leg_id
           AND z.time_ms = (SELECT max(time_ms) FROM trade WHERE leg_id = l.leg_id)
         GROUP BY a.name)
 GROUP BY account
HAVING min(from_ms) IS NOT NULL;
