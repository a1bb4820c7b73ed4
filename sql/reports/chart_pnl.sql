-- One leg's unrealized PnL in USD to draw, NULL where it is flat.
SELECT time_ms, iif(position_amount <> 0, unrealized_pnl_usd, NULL) AS value
  FROM pnl_history
 WHERE account = :account
   AND symbol = :symbol
   AND position_side = :side
   AND time_ms >= :from_ms
   AND time_ms < :to_ms
 ORDER BY time_ms;
