-- What chart_pnl gives, by the hour: first and last of a whole one, its lowest and its highest. After
-- with_chart_hours.
SELECT first_ms AS time_ms,
       unrealized_pnl_usd_first_e8 / 1e8 AS value,
       last_ms,
       unrealized_pnl_usd_last_e8 / 1e8 AS last,
       unrealized_pnl_usd_min_e8 / 1e8 AS low,
       unrealized_pnl_usd_max_e8 / 1e8 AS high
  FROM hour
 WHERE is_whole
 UNION ALL
SELECT v.time_ms, iif(v.position_amount <> 0, v.unrealized_pnl_usd, NULL), NULL, NULL, NULL, NULL
  FROM hour AS h
 CROSS JOIN pnl_history AS v
    ON v.account = h.account
   AND v.symbol = h.symbol
   AND v.position_side = h.position_side
   AND v.time_ms BETWEEN h.from_ms AND h.to_ms
 WHERE NOT coalesce(h.is_whole, 0)
 ORDER BY 1;
