-- What an account comes to as a whole, by the exchange's own word (USD-M): in USDT, or, where its assets margin one
-- another, in USD, as accountConfig said last (`asset`; NULL where it never did). `usd` is the sum of its assets' margin balances at their indexes that were known then, NULL where one is
-- not: in the second case both say the same, to what their decimals and the indexes' ages explain.
CREATE VIEW account_total_history AS
SELECT a.name AS account,
       t.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.time_ms / 1000.0, 'unixepoch') AS time,
       (SELECT iif(k.multi_assets_margin, 'USD', 'USDT')
          FROM account_config AS k
         WHERE k.account_id = t.account_id AND k.time_ms <= t.time_ms AND k.multi_assets_margin IS NOT NULL
         ORDER BY k.time_ms DESC LIMIT 1) AS asset,
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
       (SELECT iif(count(*) = count(price), sum(CAST(round(margin_balance_e8 * price) AS INTEGER)) / 1e8, NULL)
          FROM (SELECT b.margin_balance_e8,
                       (SELECT x.index_price_e8 / 1e8
                          FROM asset_index AS x
                         WHERE x.symbol = d.asset || 'USD' AND x.time_ms <= t.time_ms AND x.index_price_e8 > 0
                         ORDER BY x.time_ms DESC, x.capture_id DESC LIMIT 1) AS price
                  FROM asset_of_account AS d
                 CROSS JOIN balance AS b
                    ON b.account_id = d.account_id
                   AND b.asset = d.asset
                   AND b.time_ms = (SELECT max(m.time_ms)
                                      FROM balance AS m
                                     WHERE m.account_id = d.account_id AND m.asset = d.asset AND m.time_ms <= t.time_ms)
                 WHERE d.account_id = a.account_id AND b.margin_balance_e8 <> 0)) AS usd,
       t.capture_id
  FROM account AS a
 CROSS JOIN account_total AS t ON t.account_id = a.account_id;
