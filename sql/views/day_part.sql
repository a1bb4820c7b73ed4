-- Each leg's valuations on each UTC day, in two parts at most: in the hours that are over, as they were summed up, and
-- in the one that runs. The times of the part's first and last, and the lowest and highest of each quantity.
CREATE VIEW day_part AS
SELECT h.account, h.symbol, h.pair, h.margin_asset, h.position_side,
       h.hour_ms - h.hour_ms % 86400000 AS day_ms,
       min(h.first_ms) AS first_ms, max(h.last_ms) AS last_ms,
       min(h.unrealized_pnl_min_e8) / 1e8 AS unrealized_pnl_min,
       max(h.unrealized_pnl_max_e8) / 1e8 AS unrealized_pnl_max,
       min(h.unrealized_pnl_usd_min_e8) / 1e8 AS unrealized_pnl_usd_min,
       max(h.unrealized_pnl_usd_max_e8) / 1e8 AS unrealized_pnl_usd_max,
       min(h.isolated_margin_min_e8) / 1e8 AS isolated_margin_min,
       max(h.isolated_margin_max_e8) / 1e8 AS isolated_margin_max,
       min(h.initial_margin_min_e8) / 1e8 AS initial_margin_min,
       max(h.initial_margin_max_e8) / 1e8 AS initial_margin_max,
       min(h.liquidation_distance_min_e8) / 1e8 AS liquidation_distance_min,
       max(h.liquidation_distance_max_e8) / 1e8 AS liquidation_distance_max
  FROM hour_kept AS h
 GROUP BY h.leg_id, h.hour_ms - h.hour_ms % 86400000, h.account, h.symbol, h.position_side
 UNION ALL
SELECT h.account, h.symbol, h.pair, h.margin_asset, h.position_side,
       h.time_ms - h.time_ms % 86400000,
       min(h.time_ms), max(h.time_ms),
       min(h.unrealized_pnl_e8) / 1e8, max(h.unrealized_pnl_e8) / 1e8,
       min(h.unrealized_pnl_usd_e8) / 1e8, max(h.unrealized_pnl_usd_e8) / 1e8,
       min(h.isolated_margin_e8) / 1e8, max(h.isolated_margin_e8) / 1e8,
       min(h.initial_margin), max(h.initial_margin),
       min(h.liquidation_distance), max(h.liquidation_distance)
  FROM valuation_history AS h
 WHERE h.time_ms >= coalesce((SELECT max(k.hour_ms) + 3600000 FROM leg_hour AS k WHERE k.leg_id = h.leg_id), 0)
 GROUP BY h.leg_id, h.time_ms - h.time_ms % 86400000, h.account, h.symbol, h.position_side;
