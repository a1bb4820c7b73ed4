-- Of what is known by the time (polls, account, prices, stream), the span that has not ended yet: from the first good answer,
-- or the first connection, since the last one that has, to the last sign of life.
CREATE VIEW known_running AS
SELECT e.account_id,
       e.kind,
       (SELECT s.received_ms
          FROM capture_read AS s
         WHERE s.account_id = e.account_id
           AND s.endpoint = e.endpoint
           AND s.outcome = 'ok'
           AND s.received_ms > e.ended_ms
         ORDER BY s.received_ms LIMIT 1) AS from_ms,
       s.received_ms AS to_ms
  FROM (SELECT a.account_id,
               k.kind,
               k.endpoint,
               coalesce((SELECT max(p.to_ms)
                           FROM known_span AS p
                          WHERE p.account_id = a.account_id AND p.kind = k.kind AND p.symbol = ''), -1) AS ended_ms
          FROM account AS a
         CROSS JOIN (SELECT 'polls' AS kind, 'positionRisk' AS endpoint
                      UNION ALL
                     SELECT 'account', 'account'
                      UNION ALL
                     SELECT 'prices', 'premiumIndex'
                      UNION ALL
                     SELECT 'prices', 'assetIndex') AS k) AS e
 CROSS JOIN capture AS s
    ON s.capture_id = (SELECT l.capture_id
                         FROM capture_read AS l
                        WHERE l.account_id = e.account_id
                          AND l.endpoint = e.endpoint
                          AND l.outcome = 'ok'
                        ORDER BY l.received_ms DESC LIMIT 1)
 UNION ALL
SELECT o.account_id, 'stream', max(min(o.received_ms), coalesce(e.to_ms, 0)),
       (SELECT max((SELECT max(l.received_ms)
                      FROM capture AS l
                     WHERE l.account_id = o.account_id AND l.endpoint = k.endpoint))
          FROM (SELECT 'positionRisk' AS endpoint
                 UNION ALL SELECT 'exchangeInfo' UNION ALL SELECT 'account' UNION ALL SELECT 'income'
                 UNION ALL SELECT 'userTrades' UNION ALL SELECT 'userData' UNION ALL SELECT 'recorder'
                 UNION ALL SELECT 'premiumIndex' UNION ALL SELECT 'fundingRate'
                 UNION ALL SELECT 'symbolConfig' UNION ALL SELECT 'assetIndex') AS k)
  FROM account AS a
  LEFT JOIN known_span AS e
    ON e.account_id = a.account_id
   AND e.kind = 'stream'
   AND e.symbol = ''
   AND e.to_ms = (SELECT max(p.to_ms)
                    FROM known_span AS p
                   WHERE p.account_id = a.account_id AND p.kind = 'stream' AND p.symbol = '')
 CROSS JOIN capture AS o INDEXED BY capture_of_session
    ON o.account_id = a.account_id
   AND o.outcome IN ('opened', 'closed')
   AND o.outcome = 'opened'
   AND (o.received_ms > coalesce(e.to_ms, -1) OR o.capture_id >= e.capture_id)
 GROUP BY o.account_id;
