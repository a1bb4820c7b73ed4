-- The round trips that were closed in the range, and those that are open and began before its end. After with_trips
-- and with_range.
SELECT h.*
  FROM round_trip AS h
 CROSS JOIN asked AS a ON a.account = h.account
 WHERE iif(h.closed_ms IS NULL, coalesce(h.opened_ms < a.to_ms, 1), h.closed_ms >= a.from_ms AND h.closed_ms < a.to_ms)
   AND (:symbol IS NULL OR h.symbol = :symbol)
   AND (:side IS NULL OR h.position_side = :side)
 ORDER BY h.account, h.symbol, h.position_side, h.trip
