-- The round trips: those that are open first, then the last that were closed, as report trips has them. After with_trips
-- and with_range.
SELECT h.account,
       h.symbol,
       h.position_side,
       h.direction,
       h.opened,
       h.closed,
       h.held_s,
       h.max_amount,
       h.entry_price,
       h.exit_price,
       h.net_pnl_usd,
       h.net_pnl,
       h.margin_asset,
       h.close_kind,
       h.missing
  FROM trip_sum AS h
 CROSS JOIN asked AS a ON a.account = h.account
 WHERE iif(h.closed_ms IS NULL, coalesce(h.opened_ms < a.to_ms, 1), h.closed_ms >= a.from_ms AND h.closed_ms < a.to_ms)
   AND (:symbol IS NULL OR h.symbol = :symbol)
   AND (:side IS NULL OR h.position_side = :side)
 ORDER BY h.closed_ms IS NOT NULL, h.closed_ms DESC, h.opened_ms DESC, h.account, h.symbol, h.position_side, h.trip;
