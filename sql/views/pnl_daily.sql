-- The PnL of each leg over each UTC day in which it has valuations: the day's first and last, and the
-- lowest and highest of all.
CREATE VIEW pnl_daily AS
WITH RECURSIVE
     day (day_ms) AS (
         SELECT min(from_ms) - min(from_ms) % 86400000
           FROM account_range
         HAVING min(from_ms) IS NOT NULL
         UNION ALL
         SELECT day_ms + 86400000
           FROM day
          WHERE day_ms + 86400000 <= (SELECT max(to_ms) FROM account_range)
     )
SELECT r.account,
       r.symbol,
       r.pair,
       r.margin_asset,
       r.position_side,
       d.day_ms,
       strftime('%Y-%m-%d', d.day_ms / 1000, 'unixepoch') AS day,
       f.unrealized_pnl AS unrealized_pnl_first,
       z.unrealized_pnl AS unrealized_pnl_last,
       (SELECT min(h.unrealized_pnl)
          FROM pnl_history AS h
         WHERE h.account = r.account
           AND h.symbol = r.symbol
           AND h.position_side = r.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_min,
       (SELECT max(h.unrealized_pnl)
          FROM pnl_history AS h
         WHERE h.account = r.account
           AND h.symbol = r.symbol
           AND h.position_side = r.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_max,
       f.unrealized_pnl_usd AS unrealized_pnl_usd_first,
       z.unrealized_pnl_usd AS unrealized_pnl_usd_last,
       (SELECT min(h.unrealized_pnl_usd)
          FROM pnl_history AS h
         WHERE h.account = r.account
           AND h.symbol = r.symbol
           AND h.position_side = r.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_usd_min,
       (SELECT max(h.unrealized_pnl_usd)
          FROM pnl_history AS h
         WHERE h.account = r.account
           AND h.symbol = r.symbol
           AND h.position_side = r.position_side
           AND h.time_ms BETWEEN f.time_ms AND z.time_ms) AS unrealized_pnl_usd_max
  FROM leg_range AS r
 CROSS JOIN day AS d
 CROSS JOIN pnl_history AS f
    ON f.account = r.account
   AND f.symbol = r.symbol
   AND f.position_side = r.position_side
   AND f.time_ms = (SELECT min(t.time_ms)
                      FROM pnl_history AS t
                     WHERE t.account = r.account
                       AND t.symbol = r.symbol
                       AND t.position_side = r.position_side
                       AND t.time_ms BETWEEN d.day_ms AND d.day_ms + 86400000 - 1)
 CROSS JOIN pnl_history AS z
    ON z.account = r.account
   AND z.symbol = r.symbol
   AND z.position_side = r.position_side
   AND z.time_ms = (SELECT max(t.time_ms)
                      FROM pnl_history AS t
                     WHERE t.account = r.account
                       AND t.symbol = r.symbol
                       AND t.position_side = r.position_side
                       AND t.time_ms BETWEEN d.day_ms AND d.day_ms + 86400000 - 1);
