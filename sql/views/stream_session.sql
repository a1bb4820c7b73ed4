-- The connections of each account's user data stream: from when to when, how many messages came by each,
-- and why it ended. A connection's end is the `closed` of the same number (attempt); one without an
-- end (the recorder was killed) ended with the account's last capture before the next run started, or, where no capture
-- says that, before the next connection was opened; of the last one closed_ms is NULL while it is up. until_ms: how long its word can be trusted, which of
-- a connection that went silent, or whose key turned out to be gone, is its last message. capture_id: the opening's.
CREATE VIEW stream_session AS
SELECT account,
       opened_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', opened_ms / 1000.0, 'unixepoch') AS opened,
       closed_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', closed_ms / 1000.0, 'unixepoch') AS closed,
       messages,
       reason,
       iif(reason IN ('a ping was not answered', 'no byte for five minutes', 'another listen key is alive'),
           coalesce(heard_ms, opened_ms), closed_ms) AS until_ms,
       capture_id
  FROM (SELECT o.account,
               o.capture_id,
               o.opened_ms,
               coalesce(e.received_ms,
                        (SELECT max((SELECT max(p.received_ms)
                                       FROM capture AS p
                                      WHERE p.account_id = o.account_id
                                        AND p.endpoint = n.endpoint
                                        AND p.received_ms <= coalesce(min(o.next_ms, r.received_ms), o.next_ms, r.received_ms)
                                        AND p.capture_id < coalesce(min(o.next_id, r.capture_id), o.next_id, r.capture_id)))
                           FROM (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'exchangeInfo' UNION ALL
                                 SELECT 'account' UNION ALL SELECT 'income' UNION ALL SELECT 'userTrades' UNION ALL
                                 SELECT 'userData' UNION ALL SELECT 'recorder' UNION ALL
                                 SELECT 'premiumIndex' UNION ALL SELECT 'fundingRate' UNION ALL
                                 SELECT 'symbolConfig' UNION ALL SELECT 'accountConfig' UNION ALL SELECT 'assetIndex') AS n)) AS closed_ms,
               e.detail AS reason,
               (SELECT count(*)
                  FROM capture AS p
                 WHERE p.account_id = o.account_id
                   AND p.endpoint = 'userData'
                   AND p.received_ms >= o.opened_ms
                   AND p.received_ms <= coalesce(min(o.next_ms, e.received_ms), o.next_ms,
                                                 e.received_ms, 9e18)
                   AND p.capture_id > o.capture_id
                   AND p.capture_id < coalesce(min(o.next_id, e.capture_id), o.next_id,
                                               e.capture_id, 9e18)
                   AND p.outcome IN ('ok', 'unreadable')) AS messages,
               (SELECT max(p.received_ms)
                  FROM capture AS p
                 WHERE p.account_id = o.account_id
                   AND p.endpoint = 'userData'
                   AND p.received_ms BETWEEN o.opened_ms AND e.received_ms
                   AND p.outcome = 'ok') AS heard_ms
          FROM (SELECT s.*,
                       n.capture_id AS next_id,
                       n.received_ms AS next_ms
                  FROM (SELECT a.account_id,
                               a.name AS account,
                               s.capture_id,
                               s.attempt,
                               s.received_ms AS opened_ms
                          FROM account AS a
                         CROSS JOIN capture AS s INDEXED BY capture_of_session
                            ON s.account_id = a.account_id
                           AND s.outcome IN ('opened', 'closed')
                           AND s.outcome = 'opened') AS s
                  LEFT JOIN capture AS n
                    ON n.capture_id = (SELECT x.capture_id
                                         FROM capture AS x INDEXED BY capture_of_session
                                        WHERE x.account_id = s.account_id
                                          AND x.capture_id > s.capture_id
                                          AND x.outcome IN ('opened', 'closed')
                                          AND x.outcome = 'opened'
                                        ORDER BY x.capture_id LIMIT 1)) AS o
          LEFT JOIN capture AS e
            ON e.capture_id = (SELECT x.capture_id
                                 FROM capture AS x
                                WHERE x.account_id = o.account_id
                                  AND x.capture_id > o.capture_id
                                  AND x.outcome IN ('opened', 'closed')
                                  AND x.attempt = o.attempt
                                ORDER BY x.capture_id LIMIT 1)
           AND e.outcome = 'closed'
          LEFT JOIN capture AS r
            ON r.capture_id = (SELECT x.capture_id
                                 FROM capture AS x
                                WHERE x.account_id = o.account_id
                                  AND x.endpoint = 'recorder'
                                  AND x.outcome = 'started'
                                  AND x.received_ms >= o.opened_ms
                                  AND x.capture_id > o.capture_id
                                ORDER BY x.received_ms LIMIT 1));
