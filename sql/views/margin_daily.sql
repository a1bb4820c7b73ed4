-- The margin of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all.
CREATE VIEW margin_daily AS
SELECT d.account,
       d.symbol,
       d.pair,
       d.margin_asset,
       d.position_side,
       d.day_ms,
       d.day,
       f.isolated_margin AS isolated_margin_first,
       z.isolated_margin AS isolated_margin_last,
       (SELECT min(h.isolated_margin)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS isolated_margin_min,
       (SELECT max(h.isolated_margin)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS isolated_margin_max,
       f.initial_margin AS initial_margin_first,
       z.initial_margin AS initial_margin_last,
       (SELECT min(h.initial_margin)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS initial_margin_min,
       (SELECT max(h.initial_margin)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS initial_margin_max,
       f.liquidation_distance AS liquidation_distance_first,
       z.liquidation_distance AS liquidation_distance_last,
       (SELECT min(h.liquidation_distance)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS liquidation_distance_min,
       (SELECT max(h.liquidation_distance)
          FROM margin_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS liquidation_distance_max
  FROM leg_day AS d
 CROSS JOIN margin_history AS f
    ON f.account = d.account
   AND f.symbol = d.symbol
   AND f.position_side = d.position_side
   AND f.time_ms = d.first_ms
 CROSS JOIN margin_history AS z
    ON z.account = d.account
   AND z.symbol = d.symbol
   AND z.position_side = d.position_side
   AND z.time_ms = d.last_ms;
