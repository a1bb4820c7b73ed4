-- What chart_pnl gives, by the hour: first and last of a whole one, its lowest and its highest. After
-- with_chart_hours.
SELECT first_ms AS time_ms,
       iif(initial_margin_first_e8 > 0, unrealized_pnl_usd_first_e8 / 1e8, NULL) AS value,
       last_ms,
       iif(initial_margin_last_e8 > 0, unrealized_pnl_usd_last_e8 / 1e8, NULL) AS last,
       unrealized_pnl_usd_min_e8 / 1e8 AS low,
       unrealized_pnl_usd_max_e8 / 1e8 AS high,
       hour_ms AS place
  FROM hour
 WHERE is_whole AND hour_ms >= :from_ms - 3600000 AND hour_ms < :to_ms
 UNION ALL
SELECT time_ms, iif(position_amount_e8 <> 0, unrealized_pnl_usd_e8 / 1e8, NULL), NULL, NULL, NULL, NULL, time_ms FROM rest
 ORDER BY place;
