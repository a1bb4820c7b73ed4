-- What report changes begins with, after with_range: the legs that it is about, and by which captures what happened to them is
-- first seen in the range, from `first_id` to `last_id`: those of an account, but for what has no body, are in the order of
-- their times.
, bounded AS MATERIALIZED (
    SELECT account, min(first_id) AS first_id, max(last_id) AS last_id, to_ms
      FROM (SELECT a.account,
                   a.to_ms,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms >= a.from_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms, s.capture_id LIMIT 1) AS first_id,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms < a.to_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms DESC, s.capture_id DESC LIMIT 1) AS last_id
              FROM asked AS a
              JOIN main.account AS n ON n.name = a.account
             CROSS JOIN (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'userData') AS e)
     GROUP BY account
),
leg_named AS MATERIALIZED (
    SELECT a.name AS account,
           c.symbol,
           l.position_side,
           l.leg_id,
           l.account_id,
           b.first_id,
           b.last_id,
           b.to_ms,
--include is_linear
               AS is_linear
      FROM bounded AS b
     CROSS JOIN main.account AS a ON a.name = b.account
     CROSS JOIN main.leg AS l ON l.account_id = a.account_id
     CROSS JOIN main.contract AS c ON c.contract_id = l.contract_id
     WHERE (:symbol IS NULL OR c.symbol = :symbol)
       AND (:side IS NULL OR l.position_side = :side)
)
