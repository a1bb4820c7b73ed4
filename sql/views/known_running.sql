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
SELECT o.account_id, 'stream', max(coalesce(o.first_ms, o.opened_ms), o.ended_ms),
       (SELECT max((SELECT max(l.received_ms)
                      FROM capture AS l
                     WHERE l.account_id = o.account_id AND l.endpoint = k.endpoint))
          FROM (SELECT 'positionRisk' AS endpoint
                 UNION ALL SELECT 'exchangeInfo' UNION ALL SELECT 'account' UNION ALL SELECT 'income'
                 UNION ALL SELECT 'userTrades' UNION ALL SELECT 'userData' UNION ALL SELECT 'recorder'
                 UNION ALL SELECT 'premiumIndex' UNION ALL SELECT 'fundingRate'
                 UNION ALL SELECT 'symbolConfig' UNION ALL SELECT 'accountConfig' UNION ALL SELECT 'assetIndex') AS k)
  FROM (SELECT b.*,
               (SELECT s.received_ms -- before the first connection no message comes
                  FROM capture AS s
                 WHERE s.account_id = b.account_id
                   AND s.endpoint = 'userData'
                   AND s.received_ms > b.ended_ms
                   AND s.received_ms < coalesce(b.opened_ms, 9000000000000000000)
                   AND s.outcome = 'opened'
                 ORDER BY s.received_ms LIMIT 1) AS first_ms
          FROM (SELECT e.account_id,
                       e.ended_ms,
                       (SELECT min(s.received_ms)
                          FROM capture AS s INDEXED BY capture_of_session
                         WHERE s.account_id = e.account_id
                           AND s.outcome IN ('opened', 'closed')
                           AND s.outcome = 'opened'
                           AND s.capture_id >= e.capture_id) AS opened_ms
                  FROM (SELECT a.account_id, coalesce(p.to_ms, -1) AS ended_ms, min(p.capture_id) AS capture_id
                          FROM account AS a
                          LEFT JOIN known_span AS p
                            ON p.account_id = a.account_id
                           AND p.kind = 'stream'
                           AND p.symbol = ''
                           AND p.to_ms = (SELECT max(w.to_ms)
                                            FROM known_span AS w
                                           WHERE w.account_id = a.account_id AND w.kind = 'stream' AND w.symbol = '')
                         GROUP BY a.account_id) AS e) AS b) AS o
 WHERE coalesce(o.first_ms, o.opened_ms) IS NOT NULL;
