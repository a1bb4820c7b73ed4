-- What changed :account's positions from :from_ms to before :to_ms, to mark in its charts.
SELECT first_seen_ms AS time_ms,
       format('%s %s %s %g to %g', symbol, position_side, change, coalesce(previous_position_amount, 0),
              coalesce(position_amount, 0)) AS text
  FROM position_change
 WHERE account = :account
   AND (:symbol IS NULL OR symbol = :symbol)
   AND (:side IS NULL OR position_side = :side)
   AND capture_id BETWEEN (SELECT p.capture_id
                             FROM poll_log AS p
                            WHERE p.account = :account AND p.received_ms >= :from_ms
                            ORDER BY p.received_ms LIMIT 1)
                      AND (SELECT p.capture_id
                             FROM poll_log AS p
                            WHERE p.account = :account AND p.received_ms < :to_ms
                            ORDER BY p.received_ms DESC LIMIT 1)
   AND change NOT IN ('seen', 'settings')
 ORDER BY first_seen_ms, symbol, position_side;
