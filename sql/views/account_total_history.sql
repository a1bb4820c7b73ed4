-- What an account comes to as a whole, by the exchange's own word (USD-M): in USDT, or, where its assets margin one
-- another, in USD. `usd` is the sum of its assets' margin balances at the steady prices of that time (equity_history), NULL
-- where one is not known: in the second case both say the same, to what their decimals and the prices' ages explain.
CREATE VIEW account_total_history AS
SELECT a.name AS account,
       t.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.time_ms / 1000.0, 'unixepoch') AS time,
       t.wallet_balance_e8 / 1e8 AS wallet_balance,
       t.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       t.margin_balance_e8 / 1e8 AS margin_balance,
       t.maintenance_margin_e8 / 1e8 AS maintenance_margin,
       t.maintenance_margin_e8 * 1.0 / nullif(t.margin_balance_e8, 0) AS margin_ratio,
       t.initial_margin_e8 / 1e8 AS initial_margin,
       t.position_initial_margin_e8 / 1e8 AS position_initial_margin,
       t.open_order_initial_margin_e8 / 1e8 AS open_order_initial_margin,
       t.cross_wallet_balance_e8 / 1e8 AS cross_wallet_balance,
       t.cross_unrealized_pnl_e8 / 1e8 AS cross_unrealized_pnl,
       t.available_balance_e8 / 1e8 AS available_balance,
       t.max_withdraw_e8 / 1e8 AS max_withdraw,
       (SELECT iif(count(*) = count(h.margin_balance_usd),
                   sum(CAST(round(h.margin_balance_usd * 1e8) AS INTEGER)) / 1e8, NULL)
          FROM asset_of_account AS d
         CROSS JOIN equity_history AS h
            ON h.account = a.name
           AND h.asset = d.asset
           AND h.time_ms = (SELECT max(b.time_ms)
                              FROM balance AS b
                             WHERE b.account_id = d.account_id AND b.asset = d.asset AND b.time_ms <= t.time_ms)
         WHERE d.account_id = a.account_id AND h.margin_balance <> 0) AS usd,
       t.capture_id
  FROM account AS a
 CROSS JOIN account_total AS t ON t.account_id = a.account_id;
