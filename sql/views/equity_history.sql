-- The equity curve: each asset's wallet, unrealized PnL and margin balance, in the asset and in USD. `price` is one
-- steady price of the asset: the newest mark of its perpetual that was known then, whoever's leg or premiumIndex told it,
-- and `price_ms` when that was; another contract's only where there never was one, the newest, and of those the one
-- delivered first. NULL, and so the USD, when there is none. The products are in integers, as in pnl_history, and exact
-- to eight places.
CREATE VIEW equity_history AS
SELECT account,
       asset,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       update_ms,
       wallet_balance_e8 / 1e8 AS wallet_balance,
       unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       margin_balance_e8 / 1e8 AS margin_balance,
       maintenance_margin_e8 / 1e8 AS maintenance_margin,
       maintenance_margin_e8 * 1.0 / nullif(margin_balance_e8, 0) AS margin_ratio,
       price_e8 / 1e8 AS price,
       price_ms,
       (wallet_balance_e8 / 100000000 * price_e8
        + wallet_balance_e8 % 100000000 * (price_e8 / 100000000)
        + (wallet_balance_e8 % 100000000 * (price_e8 % 100000000)
           + iif(wallet_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS wallet_balance_usd,
       (unrealized_pnl_e8 / 100000000 * price_e8
        + unrealized_pnl_e8 % 100000000 * (price_e8 / 100000000)
        + (unrealized_pnl_e8 % 100000000 * (price_e8 % 100000000)
           + iif(unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS unrealized_pnl_usd,
       (margin_balance_e8 / 100000000 * price_e8
        + margin_balance_e8 % 100000000 * (price_e8 / 100000000)
        + (margin_balance_e8 % 100000000 * (price_e8 % 100000000)
           + iif(margin_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS margin_balance_usd,
       capture_id
  FROM (SELECT a.name AS account,
               r.*,
               coalesce(v.mark_price_e8, m.mark_price_e8, x.index_price_e8) AS price_e8,
               coalesce(v.time_ms, m.time_ms, x.time_ms) AS price_ms
          FROM account AS a
         CROSS JOIN balance AS r
            ON r.account_id = a.account_id AND r.asset IN (SELECT asset FROM asset_of_account)
--include price_of
         );
