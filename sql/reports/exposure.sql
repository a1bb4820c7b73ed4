-- What each account had at stake in each margin asset at each sample: the USD notional of the contracts,
-- and their unrealized PnL in the asset and in USD. After with_range, with_samples, with_legs and
-- with_points.
, valued (account, margin_asset, number, shown_ms, position_amount, contract_size, unrealized_pnl,
          unrealized_pnl_usd) AS (
    SELECT t.account, t.margin_asset, t.number, t.shown_ms, h.position_amount, t.contract_size,
           h.unrealized_pnl, h.unrealized_pnl_usd
      FROM point AS t
     CROSS JOIN pnl_history AS h
        ON h.account = t.account
       AND h.symbol = t.symbol
       AND h.position_side = t.position_side
       AND h.time_ms = t.at_ms
     WHERE t.number > 0
    UNION ALL
    SELECT account, margin_asset, number, shown_ms, NULL, NULL, NULL, NULL
      FROM point
     WHERE at_ms IS NULL AND number > 0
),
summed AS (
    SELECT account,
           margin_asset,
           number,
           shown_ms,
           sum(iif(position_amount > 0, position_amount, 0) * contract_size) AS long_usd,
           sum(iif(position_amount < 0, -position_amount, 0) * contract_size) AS short_usd,
           round(sum(unrealized_pnl) * 1e8) / 1e8 AS unrealized_pnl,
           round(sum(unrealized_pnl_usd) * 1e8) / 1e8 AS unrealized_pnl_usd
      FROM valued
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
       unrealized_pnl_usd
  FROM summed
 ORDER BY account, margin_asset, number;
