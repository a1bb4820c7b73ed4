-- What each account had at stake in each margin asset at each sample: the USD notional of the contracts,
-- and their unrealized PnL in the asset and in USD. After with_polls, with_range, with_samples, with_legs and
-- with_points.
, summed AS (
    SELECT account,
           margin_asset,
           number,
           shown_ms,
           covered,
           iif(sum(position_amount > 0 AND notional_usd_e8 IS NULL), NULL,
               sum(iif(at_ms IS NULL, NULL, max(coalesce(notional_usd_e8, 0), 0)))) AS long_e8,
           iif(sum(position_amount < 0 AND notional_usd_e8 IS NULL), NULL,
               sum(iif(at_ms IS NULL, NULL, max(coalesce(-notional_usd_e8, 0), 0)))) AS short_e8,
           sum(CAST(round(unrealized_pnl * 1e8) AS INTEGER)) / 1e8 AS unrealized_pnl,
           sum(CAST(round(unrealized_pnl_usd * 1e8) AS INTEGER)) / 1e8 AS unrealized_pnl_usd
      FROM (SELECT w.*,
                   (SELECT n.notional_usd_e8
                      FROM valuation_history AS n
                     WHERE (n.account, n.symbol, n.position_side) = (w.account, w.symbol, w.position_side)
                       AND n.time_ms = w.at_ms) AS notional_usd_e8
              FROM valued AS w)
     WHERE number > 0
     GROUP BY account, margin_asset, number
)
SELECT account,
       margin_asset,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       long_e8 / 1e8 AS long_usd,
       short_e8 / 1e8 AS short_usd,
       (long_e8 - short_e8) / 1e8 AS net_usd,
       (long_e8 + short_e8) / 1e8 AS gross_usd,
       unrealized_pnl,
       unrealized_pnl_usd,
       covered
  FROM summed
 ORDER BY account, margin_asset, number;
