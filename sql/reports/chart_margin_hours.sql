-- What chart_margin gives, by the hour, likewise. After with_chart_hours.
SELECT first_ms AS time_ms,
       liquidation_distance_first_e8 / 1e8 AS value,
       last_ms,
       liquidation_distance_last_e8 / 1e8 AS last,
       liquidation_distance_min_e8 / 1e8 AS low,
       liquidation_distance_max_e8 / 1e8 AS high,
       hour_ms AS place
  FROM hour
 WHERE is_whole AND hour_ms >= :from_ms - 3600000 AND hour_ms < :to_ms
 UNION ALL
SELECT time_ms, liquidation_distance, NULL, NULL, NULL, NULL, time_ms FROM rest
 ORDER BY place;
