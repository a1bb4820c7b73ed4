-- The PnL of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all. The last part of a day has seen all of it.
CREATE VIEW pnl_daily AS
SELECT d.account, d.symbol, d.pair, d.margin_asset, d.position_side,
       d.day_ms, strftime('%Y-%m-%d', d.day_ms / 1000, 'unixepoch') AS day,
       f.unrealized_pnl AS unrealized_pnl_first, z.unrealized_pnl AS unrealized_pnl_last,
       d.unrealized_pnl_min, d.unrealized_pnl_max,
       f.unrealized_pnl_usd AS unrealized_pnl_usd_first, z.unrealized_pnl_usd AS unrealized_pnl_usd_last,
       d.unrealized_pnl_usd_min, d.unrealized_pnl_usd_max
  FROM (SELECT account, symbol, pair, margin_asset, position_side, day_ms,
               min(first_ms) OVER day AS first_ms, last_ms, lead(first_ms) OVER day AS next_ms,
               min(unrealized_pnl_min) OVER day AS unrealized_pnl_min,
               max(unrealized_pnl_max) OVER day AS unrealized_pnl_max,
               min(unrealized_pnl_usd_min) OVER day AS unrealized_pnl_usd_min,
               max(unrealized_pnl_usd_max) OVER day AS unrealized_pnl_usd_max
          FROM day_part
        WINDOW day AS (PARTITION BY account, symbol, position_side, day_ms ORDER BY first_ms)) AS d
 CROSS JOIN pnl_history AS f
    ON (f.account, f.symbol, f.position_side) = (d.account, d.symbol, d.position_side)
   AND f.time_ms = d.first_ms
 CROSS JOIN pnl_history AS z
    ON (z.account, z.symbol, z.position_side) = (d.account, d.symbol, d.position_side)
   AND z.time_ms = d.last_ms
 WHERE d.next_ms IS NULL;
