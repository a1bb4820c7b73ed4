-- The margin of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all. The last part of a day has seen all of it.
CREATE VIEW margin_daily AS
SELECT d.account, d.symbol, d.pair, d.margin_asset, d.position_side,
       d.day_ms, strftime('%Y-%m-%d', d.day_ms / 1000, 'unixepoch') AS day,
       f.isolated_margin AS isolated_margin_first, z.isolated_margin AS isolated_margin_last,
       d.isolated_margin_min, d.isolated_margin_max,
       f.initial_margin AS initial_margin_first, z.initial_margin AS initial_margin_last,
       d.initial_margin_min, d.initial_margin_max,
       f.liquidation_distance AS liquidation_distance_first, z.liquidation_distance AS liquidation_distance_last,
       d.liquidation_distance_min, d.liquidation_distance_max
  FROM (SELECT account, symbol, pair, margin_asset, position_side, day_ms,
               min(first_ms) OVER day AS first_ms, last_ms, lead(first_ms) OVER day AS next_ms,
               min(isolated_margin_min) OVER day AS isolated_margin_min,
               max(isolated_margin_max) OVER day AS isolated_margin_max,
               min(initial_margin_min) OVER day AS initial_margin_min,
               max(initial_margin_max) OVER day AS initial_margin_max,
               min(liquidation_distance_min) OVER day AS liquidation_distance_min,
               max(liquidation_distance_max) OVER day AS liquidation_distance_max
          FROM day_part
        WINDOW day AS (PARTITION BY account, symbol, position_side, day_ms ORDER BY first_ms)) AS d
 CROSS JOIN margin_history AS f
    ON (f.account, f.symbol, f.position_side) = (d.account, d.symbol, d.position_side)
   AND f.time_ms = d.first_ms
 CROSS JOIN margin_history AS z
    ON (z.account, z.symbol, z.position_side) = (d.account, d.symbol, d.position_side)
   AND z.time_ms = d.last_ms
 WHERE d.next_ms IS NULL;
