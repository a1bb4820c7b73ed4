-- What each asset of an account came to, at each answer of `account` while it had any of it. margin_ratio:
-- maintenance margin / margin balance; at 1 the account is liquidated.
CREATE VIEW balance_history AS
SELECT a.name AS account,
       b.asset,
       b.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') AS time,
       b.update_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', nullif(b.update_ms, 0) / 1000.0, 'unixepoch') AS update_time,
       b.wallet_balance_e8 / 1e8 AS wallet_balance,
       b.cross_wallet_balance_e8 / 1e8 AS cross_wallet_balance,
       b.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       b.cross_unrealized_pnl_e8 / 1e8 AS cross_unrealized_pnl,
       b.margin_balance_e8 / 1e8 AS margin_balance,
       b.maintenance_margin_e8 / 1e8 AS maintenance_margin,
       b.initial_margin_e8 / 1e8 AS initial_margin,
       b.position_initial_margin_e8 / 1e8 AS position_initial_margin,
       b.open_order_initial_margin_e8 / 1e8 AS open_order_initial_margin,
       b.available_balance_e8 / 1e8 AS available_balance,
       b.max_withdraw_e8 / 1e8 AS max_withdraw,
       b.maintenance_margin_e8 * 1.0 / nullif(b.margin_balance_e8, 0) AS margin_ratio,
       b.capture_id
  FROM account AS a
 CROSS JOIN balance AS b
    ON b.account_id = a.account_id AND b.asset IN (SELECT asset FROM asset_of_account);
