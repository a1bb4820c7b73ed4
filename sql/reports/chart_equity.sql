-- One asset's margin balance in USD to draw, NULL where no price is known.
SELECT time_ms, margin_balance_usd AS value
  FROM equity_history
 WHERE account = :account
   AND asset = :symbol
   AND time_ms >= :from_ms
   AND time_ms < :to_ms
 ORDER BY time_ms;
