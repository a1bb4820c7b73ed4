-- The PnL of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all. The day's last hour has seen all of it.
CREATE VIEW pnl_daily AS
SELECT account, symbol, pair, margin_asset, position_side,
       day_ms, strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS day,
       unrealized_pnl_first, unrealized_pnl_last, unrealized_pnl_min, unrealized_pnl_max,
       unrealized_pnl_usd_first, unrealized_pnl_usd_last, unrealized_pnl_usd_min, unrealized_pnl_usd_max
  FROM (SELECT account, symbol, pair, margin_asset, position_side, day_ms,
               lead(hour_ms) OVER day AS next_ms,
               first_value(unrealized_pnl_first_e8) OVER day / 1e8 AS unrealized_pnl_first,
               unrealized_pnl_last_e8 / 1e8 AS unrealized_pnl_last,
               min(unrealized_pnl_min_e8) OVER day / 1e8 AS unrealized_pnl_min,
               max(unrealized_pnl_max_e8) OVER day / 1e8 AS unrealized_pnl_max,
               first_value(unrealized_pnl_usd_first_e8) OVER day / 1e8 AS unrealized_pnl_usd_first,
               unrealized_pnl_usd_last_e8 / 1e8 AS unrealized_pnl_usd_last,
               min(unrealized_pnl_usd_min_e8) OVER day / 1e8 AS unrealized_pnl_usd_min,
               max(unrealized_pnl_usd_max_e8) OVER day / 1e8 AS unrealized_pnl_usd_max
          FROM (SELECT *, hour_ms - hour_ms % 86400000 AS day_ms FROM hour_known)
        WINDOW day AS (PARTITION BY leg_id, day_ms, account, symbol, position_side
                            ORDER BY hour_ms))
 WHERE next_ms IS NULL;
