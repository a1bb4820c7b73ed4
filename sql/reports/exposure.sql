-- What each account had at stake in each margin asset at each sample: the USD notional of the contracts,
-- and their unrealized PnL in the asset and in USD. After with_polls, with_range, with_samples, with_legs and
-- with_points.
, summed AS (
    SELECT account,
           margin_asset,
           number,
           shown_ms,
           covered,
           sum(iif(at_ms IS NULL, NULL, round(max(coalesce(position_amount, 0), 0) * contract_size_e8))) / 1e8 AS long_usd,
           sum(iif(at_ms IS NULL, NULL, round(max(coalesce(-position_amount, 0), 0) * contract_size_e8))) / 1e8 AS short_usd,
           sum(CAST(round(unrealized_pnl * 1e8) AS INTEGER)) / 1e8 AS unrealized_pnl,
           sum(CAST(round(unrealized_pnl_usd * 1e8) AS INTEGER)) / 1e8 AS unrealized_pnl_usd
      FROM valued AS w
      LEFT JOIN leg_term AS t ON t.leg_id = w.leg_id AND w.at_ms >= t.from_ms AND w.at_ms < t.to_ms
     WHERE number > 0
     GROUP BY account, margin_asset, number
)
SELECT account,
       margin_asset,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       long_usd,
       short_usd,
       long_usd - short_usd AS net_usd,
       long_usd + short_usd AS gross_usd,
       unrealized_pnl,
       unrealized_pnl_usd,
       covered
  FROM summed
 ORDER BY account, margin_asset, number;
