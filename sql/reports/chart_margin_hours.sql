-- What chart_margin gives, by the hour, likewise. After with_chart_hours.
SELECT first_ms AS time_ms,
       liquidation_distance_first_e8 / 1e8 AS value,
       last_ms,
       liquidation_distance_last_e8 / 1e8 AS last,
       liquidation_distance_min_e8 / 1e8 AS low,
       liquidation_distance_max_e8 / 1e8 AS high
  FROM hour
 WHERE is_whole
 UNION ALL
SELECT v.time_ms, v.liquidation_distance, NULL, NULL, NULL, NULL
  FROM hour AS h
 CROSS JOIN margin_history AS v
    ON v.account = h.account
   AND v.symbol = h.symbol
   AND v.position_side = h.position_side
   AND v.time_ms BETWEEN h.from_ms AND h.to_ms
 WHERE NOT coalesce(h.is_whole, 0)
 ORDER BY 1;
