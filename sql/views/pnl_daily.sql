-- The PnL of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all.
CREATE VIEW pnl_daily AS
SELECT d.account,
       d.symbol,
       d.pair,
       d.margin_asset,
       d.position_side,
       d.day_ms,
       d.day,
       f.unrealized_pnl AS unrealized_pnl_first,
       z.unrealized_pnl AS unrealized_pnl_last,
       (SELECT min(h.unrealized_pnl)
          FROM pnl_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_min,
       (SELECT max(h.unrealized_pnl)
          FROM pnl_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_max,
       f.unrealized_pnl_usd AS unrealized_pnl_usd_first,
       z.unrealized_pnl_usd AS unrealized_pnl_usd_last,
       (SELECT min(h.unrealized_pnl_usd)
          FROM pnl_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_usd_min,
       (SELECT max(h.unrealized_pnl_usd)
          FROM pnl_history AS h
         WHERE h.account = d.account
           AND h.symbol = d.symbol
           AND h.position_side = d.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_usd_max
  FROM leg_day AS d
 CROSS JOIN pnl_history AS f
    ON f.account = d.account
   AND f.symbol = d.symbol
   AND f.position_side = d.position_side
   AND f.time_ms = d.first_ms
 CROSS JOIN pnl_history AS z
    ON z.account = d.account
   AND z.symbol = d.symbol
   AND z.position_side = d.position_side
   AND z.time_ms = d.last_ms;
