-- The hour of each leg that still runs, summed up like those in hour_kept. Its valuations were
-- not judged yet: each may be a finding.
CREATE VIEW hour_running AS
SELECT g.account, g.symbol, g.pair, g.margin_asset, g.position_side,
       g.leg_id, g.hour_ms, g.first_ms, g.last_ms, g.valuations, g.valuations AS findings,
       f.unrealized_pnl_e8 AS unrealized_pnl_first_e8, z.unrealized_pnl_e8 AS unrealized_pnl_last_e8,
       g.unrealized_pnl_min_e8, g.unrealized_pnl_max_e8,
       f.unrealized_pnl_usd_e8 AS unrealized_pnl_usd_first_e8, z.unrealized_pnl_usd_e8 AS unrealized_pnl_usd_last_e8,
       g.unrealized_pnl_usd_min_e8, g.unrealized_pnl_usd_max_e8,
       f.isolated_margin_e8 AS isolated_margin_first_e8, z.isolated_margin_e8 AS isolated_margin_last_e8,
       g.isolated_margin_min_e8, g.isolated_margin_max_e8,
       CAST(round(f.initial_margin * 1e8) AS INTEGER) AS initial_margin_first_e8,
       CAST(round(z.initial_margin * 1e8) AS INTEGER) AS initial_margin_last_e8,
       g.initial_margin_min_e8, g.initial_margin_max_e8,
       CAST(round(f.liquidation_distance * 1e8) AS INTEGER) AS liquidation_distance_first_e8,
       CAST(round(z.liquidation_distance * 1e8) AS INTEGER) AS liquidation_distance_last_e8,
       g.liquidation_distance_min_e8, g.liquidation_distance_max_e8
  FROM (SELECT account, symbol, pair, margin_asset, position_side, leg_id,
               time_ms - time_ms % 3600000 AS hour_ms,
               min(time_ms) AS first_ms, max(time_ms) AS last_ms, count(*) AS valuations,
               min(unrealized_pnl_e8) AS unrealized_pnl_min_e8, max(unrealized_pnl_e8) AS unrealized_pnl_max_e8,
               min(unrealized_pnl_usd_e8) AS unrealized_pnl_usd_min_e8, max(unrealized_pnl_usd_e8) AS unrealized_pnl_usd_max_e8,
               min(isolated_margin_e8) AS isolated_margin_min_e8, max(isolated_margin_e8) AS isolated_margin_max_e8,
               CAST(round(min(initial_margin) * 1e8) AS INTEGER) AS initial_margin_min_e8,
               CAST(round(max(initial_margin) * 1e8) AS INTEGER) AS initial_margin_max_e8,
               CAST(round(min(liquidation_distance) * 1e8) AS INTEGER) AS liquidation_distance_min_e8,
               CAST(round(max(liquidation_distance) * 1e8) AS INTEGER) AS liquidation_distance_max_e8
          FROM valuation_history AS h
         WHERE time_ms >= coalesce((SELECT max(k.hour_ms) + 3600000
                                      FROM leg_hour AS k
                                     WHERE k.leg_id = h.leg_id), 0)
         GROUP BY account, symbol, position_side, time_ms - time_ms % 3600000) AS g
 CROSS JOIN valuation_history AS f
    ON f.account = g.account
   AND f.symbol = g.symbol
   AND f.position_side = g.position_side
   AND f.time_ms = g.first_ms
 CROSS JOIN valuation_history AS z
    ON z.account = g.account
   AND z.symbol = g.symbol
   AND z.position_side = g.position_side
   AND z.time_ms = g.last_ms;
