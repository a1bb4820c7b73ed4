-- The margin of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all. The day's last hour has seen all of it.
CREATE VIEW margin_daily AS
SELECT account, symbol, pair, margin_asset, position_side,
       day_ms, strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS day,
       isolated_margin_first, isolated_margin_last, isolated_margin_min, isolated_margin_max,
       initial_margin_first, initial_margin_last, initial_margin_min, initial_margin_max,
       liquidation_distance_first, liquidation_distance_last, liquidation_distance_min, liquidation_distance_max
  FROM (SELECT account, symbol, pair, margin_asset, position_side, day_ms,
               lead(hour_ms) OVER day AS next_ms,
               first_value(isolated_margin_first_e8) OVER day / 1e8 AS isolated_margin_first,
               isolated_margin_last_e8 / 1e8 AS isolated_margin_last,
               min(isolated_margin_min_e8) OVER day / 1e8 AS isolated_margin_min,
               max(isolated_margin_max_e8) OVER day / 1e8 AS isolated_margin_max,
               first_value(initial_margin_first_e8) OVER day / 1e8 AS initial_margin_first,
               initial_margin_last_e8 / 1e8 AS initial_margin_last,
               min(initial_margin_min_e8) OVER day / 1e8 AS initial_margin_min,
               max(initial_margin_max_e8) OVER day / 1e8 AS initial_margin_max,
               first_value(liquidation_distance_first_e8) OVER day / 1e8 AS liquidation_distance_first,
               liquidation_distance_last_e8 / 1e8 AS liquidation_distance_last,
               min(liquidation_distance_min_e8) OVER day / 1e8 AS liquidation_distance_min,
               max(liquidation_distance_max_e8) OVER day / 1e8 AS liquidation_distance_max
          FROM (SELECT *, hour_ms - hour_ms % 86400000 AS day_ms FROM hour_known)
        WINDOW day AS (PARTITION BY leg_id, day_ms, account, symbol, position_side
                            ORDER BY hour_ms))
 WHERE next_ms IS NULL;
