-- Every trade in the range, and who told of it. After with_money and with_range.
SELECT h.account,
       h.time,
       h.symbol,
       h.position_side,
       h.side,
       h.quantity,
       h.price,
       h.realized_pnl,
       h.commission,
       h.commission_asset,
       h.maker,
       h.execution,
       h.trade_id,
       h.order_id,
       h.source,
       h.capture_id
  FROM asked AS a
 CROSS JOIN trade_history AS h
    ON h.account = a.account AND h.time_ms >= a.from_ms AND h.time_ms < a.to_ms
 WHERE (:symbol IS NULL OR h.symbol = :symbol)
   AND (:side IS NULL OR h.position_side = :side)
 ORDER BY h.account, h.time_ms, h.symbol, CAST(h.trade_id AS INTEGER), h.trade_id, h.position_side;
