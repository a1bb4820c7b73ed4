-- What changed :account's positions from :from_ms to before :to_ms, to mark in its charts; nothing where that was more
-- often than could be told apart.
WITH bounded AS MATERIALIZED (
    SELECT (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = :account AND p.received_ms >= :from_ms
             ORDER BY p.received_ms LIMIT 1) AS first_id,
           (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = :account AND p.received_ms < :to_ms
             ORDER BY p.received_ms DESC LIMIT 1) AS last_id
),
span AS MATERIALIZED (
    SELECT first_id,
           last_id,
           (SELECT count(*) FROM (SELECT 1 FROM position WHERE capture_id BETWEEN first_id AND last_id LIMIT 4001)) AS changes
      FROM bounded
)
SELECT c.first_seen_ms AS time_ms,
       format('%s %s %s %g to %g', c.symbol, c.position_side, c.change, coalesce(c.previous_position_amount, 0),
              coalesce(c.position_amount, 0)) AS text
  FROM span AS o
 CROSS JOIN position_change AS c
    ON c.account = :account AND c.capture_id BETWEEN o.first_id AND o.last_id
 WHERE (:symbol IS NULL OR c.symbol = :symbol)
   AND (:side IS NULL OR c.position_side = :side)
   AND c.change NOT IN ('seen', 'settings')
   AND o.changes <= 4000
 ORDER BY c.first_seen_ms, c.symbol, c.position_side;
