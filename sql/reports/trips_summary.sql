-- What the round trips that were closed in the range came to, by margin asset, and all together in USD: of those whose net
-- PnL is known, how many were won, and how much. After with_trips and with_range.
, closed AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY h.closed_ms, h.account, h.symbol, h.position_side, h.trip) AS number,
           h.margin_asset,
           CAST(round(h.net_pnl * 1e8) AS INTEGER) AS pnl_e8,
           CAST(round(h.net_pnl_usd * 1e8) AS INTEGER) AS pnl_usd_e8,
           h.held_s
      FROM trip_sum AS h
     CROSS JOIN asked AS a ON a.account = h.account
     WHERE h.closed_ms >= a.from_ms
       AND h.closed_ms < a.to_ms
       AND (:symbol IS NULL OR h.symbol = :symbol)
       AND (:side IS NULL OR h.position_side = :side)
),
told (is_usd, asset, number, pnl_e8, held_s) AS (
    SELECT 0, margin_asset, number, pnl_e8, held_s FROM closed WHERE pnl_e8 IS NOT NULL
    UNION ALL
    SELECT 1, 'USD', number, pnl_usd_e8, held_s FROM closed WHERE pnl_usd_e8 IS NOT NULL
),
-- Losses that follow one another, the number of trips before them less that of losses being the same.
run AS MATERIALIZED (
    SELECT is_usd, asset, count(*) AS losses
      FROM (SELECT is_usd,
                   asset,
                   pnl_e8 < 0 AS is_lost,
                   row_number() OVER (PARTITION BY is_usd, asset ORDER BY number)
                   - row_number() OVER (PARTITION BY is_usd, asset, pnl_e8 < 0 ORDER BY number) AS others
              FROM told)
     WHERE is_lost
     GROUP BY is_usd, asset, others
)
SELECT t.asset,
       count(*) AS trips,
       round(sum(t.pnl_e8 > 0) * 1.0 / count(*), 6) AS won_share,
       round(sum(max(t.pnl_e8, 0)) * 1.0 / -nullif(sum(min(t.pnl_e8, 0)), 0), 6) AS profit_factor,
       round(avg(iif(t.pnl_e8 > 0, t.pnl_e8, NULL))) / 1e8 AS average_won,
       round(avg(iif(t.pnl_e8 < 0, t.pnl_e8, NULL))) / 1e8 AS average_lost,
       round(avg(t.pnl_e8)) / 1e8 AS expectancy,
       coalesce((SELECT max(r.losses) FROM run AS r WHERE r.is_usd = t.is_usd AND r.asset = t.asset), 0)
           AS longest_losing_run,
       round(avg(t.held_s), 3) AS average_held_s
  FROM told AS t
 GROUP BY t.is_usd, t.asset
 ORDER BY t.is_usd, t.asset;
