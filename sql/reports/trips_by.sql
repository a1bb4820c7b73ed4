-- The rows of trips, summed to what :by names: those that were closed, and how many are open. What is won and lost is
-- of those whose net PnL in USD is known (`known`), as under the trips' own table. After the parts of trips.
), trip_row AS (
    SELECT *, closed_ms IS NULL AS is_open, CAST(round(net_pnl_usd * 1e8) AS INTEGER) AS usd_e8 FROM report_row
)
SELECT iif(:by IN ('leg', 'account'), account, NULL) AS account,
       iif(:by IN ('leg', 'symbol'), symbol, NULL) AS symbol,
       iif(:by = 'leg', position_side, NULL) AS position_side,
       iif(:by IN ('leg', 'symbol', 'asset'), margin_asset, NULL) AS margin_asset,
       sum(NOT is_open) AS trips,
       sum(is_open) AS open,
       count(usd_e8) FILTER (WHERE NOT is_open) AS known,
       round(avg(usd_e8 > 0) FILTER (WHERE NOT is_open), 6) AS won_share,
       iif(count(*) FILTER (WHERE NOT is_open) = count(realized_pnl) FILTER (WHERE NOT is_open),
           sum(CAST(round(realized_pnl * 1e8) AS INTEGER)) FILTER (WHERE NOT is_open) / 1e8, NULL) AS realized_pnl,
       iif(count(*) FILTER (WHERE NOT is_open) = count(commission) FILTER (WHERE NOT is_open),
           sum(CAST(round(commission * 1e8) AS INTEGER)) FILTER (WHERE NOT is_open) / 1e8, NULL) AS commission,
       iif(count(*) FILTER (WHERE NOT is_open) = count(funding) FILTER (WHERE NOT is_open),
           sum(CAST(round(funding * 1e8) AS INTEGER)) FILTER (WHERE NOT is_open) / 1e8, NULL) AS funding,
       iif(count(*) FILTER (WHERE NOT is_open) = count(net_pnl) FILTER (WHERE NOT is_open),
           sum(CAST(round(net_pnl * 1e8) AS INTEGER)) FILTER (WHERE NOT is_open) / 1e8, NULL) AS net_pnl,
       iif(count(*) FILTER (WHERE NOT is_open) = count(net_pnl_usd) FILTER (WHERE NOT is_open),
           sum(CAST(round(net_pnl_usd * 1e8) AS INTEGER)) FILTER (WHERE NOT is_open) / 1e8, NULL) AS net_pnl_usd,
       round(sum(max(usd_e8, 0)) FILTER (WHERE NOT is_open) * 1.0
             / -nullif(sum(min(usd_e8, 0)) FILTER (WHERE NOT is_open), 0), 6) AS profit_factor,
       round(avg(usd_e8) FILTER (WHERE NOT is_open AND usd_e8 > 0)) / 1e8 AS average_won_usd,
       round(avg(usd_e8) FILTER (WHERE NOT is_open AND usd_e8 < 0)) / 1e8 AS average_lost_usd,
       round(avg(usd_e8) FILTER (WHERE NOT is_open)) / 1e8 AS expectancy_usd,
       round(avg(held_s) FILTER (WHERE NOT is_open), 3) AS average_held_s
  FROM trip_row
 GROUP BY 1, 2, 3, 4
