-- The interval in force of each account's polls, and of its answers of account, income and prices: the one that was
-- stated last, by an answer or, for polls, by a run's start.
CREATE VIEW interval_stated AS
SELECT l.account_id, l.endpoint, s.interval_ms
  FROM (SELECT a.account_id,
               e.endpoint,
               (SELECT s.capture_id
                  FROM capture AS s
                 WHERE s.account_id = a.account_id
                   AND s.endpoint = e.endpoint
                   AND s.interval_ms IS NOT NULL
                   AND s.payload_id IS NOT NULL
                 ORDER BY s.received_ms DESC LIMIT 1) AS answer_id,
               iif(e.endpoint = 'positionRisk',
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = a.account_id
                       AND s.endpoint = 'recorder'
                       AND s.outcome = 'started'
                       AND s.interval_ms IS NOT NULL
                     ORDER BY s.received_ms DESC LIMIT 1), NULL) AS start_id
          FROM account AS a
         CROSS JOIN (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'account' UNION ALL SELECT 'income'
                      UNION ALL SELECT 'premiumIndex' UNION ALL SELECT 'assetIndex') AS e) AS l
  LEFT JOIN capture AS b ON b.capture_id = l.start_id
  LEFT JOIN capture AS n ON n.capture_id = l.answer_id
 CROSS JOIN capture AS s
    ON s.capture_id = CASE
                          WHEN n.received_ms > b.received_ms THEN n.capture_id
                          WHEN n.received_ms = b.received_ms THEN max(n.capture_id, b.capture_id)
                          ELSE coalesce(b.capture_id, n.capture_id)
                      END;
