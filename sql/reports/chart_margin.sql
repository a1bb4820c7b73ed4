-- One leg's distance to liquidation to draw, NULL where it is flat or has no liquidation price.
SELECT time_ms, liquidation_distance AS value
  FROM margin_history
 WHERE account = :account
   AND symbol = :symbol
   AND position_side = :side
   AND time_ms >= :from_ms
   AND time_ms < :to_ms
 ORDER BY time_ms;
