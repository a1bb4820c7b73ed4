-- What each asset of an account came to, at each answer of `account` while it had any of it.
CREATE VIEW balance_history AS
SELECT a.name AS account, b.asset, b.time_ms,
       to_char(to_timestamp(b.time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       b.update_ms,
       to_char(to_timestamp(nullif(b.update_ms, 0) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS update_time,
       b.wallet_balance_e8 * 0.00000001 AS wallet_balance,
       b.cross_wallet_balance_e8 * 0.00000001 AS cross_wallet_balance,
       b.unrealized_pnl_e8 * 0.00000001 AS unrealized_pnl,
       b.cross_unrealized_pnl_e8 * 0.00000001 AS cross_unrealized_pnl,
       b.margin_balance_e8 * 0.00000001 AS margin_balance,
       b.maintenance_margin_e8 * 0.00000001 AS maintenance_margin,
       b.initial_margin_e8 * 0.00000001 AS initial_margin,
       b.position_initial_margin_e8 * 0.00000001 AS position_initial_margin,
       b.open_order_initial_margin_e8 * 0.00000001 AS open_order_initial_margin,
       b.available_balance_e8 * 0.00000001 AS available_balance,
       b.max_withdraw_e8 * 0.00000001 AS max_withdraw,
       b.maintenance_margin_e8::float8 / nullif(b.margin_balance_e8, 0) AS margin_ratio,
       b.capture_id
  FROM account AS a
  JOIN balance AS b ON b.account_id = a.account_id;
