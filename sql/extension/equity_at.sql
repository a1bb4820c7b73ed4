-- What each asset of an account came to before :to_ms, by its last balance then; one of which there was nothing is not
-- shown. `as_of`: the last good answer of account then; `recorded`: 0 where nothing is recorded of the moment. After
-- with_moment of the answers of account.
SELECT e.account,
       e.asset,
       e.wallet_balance,
       e.unrealized_pnl,
       e.margin_balance,
       e.maintenance_margin,
       round(e.margin_ratio * 1e8) / 1e8 AS margin_ratio,
       e.price,
       e.wallet_balance_usd,
       e.unrealized_pnl_usd,
       e.margin_balance_usd,
       e.time,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.as_of_ms / 1000.0, 'unixepoch') AS as_of,
       o.recorded
  FROM moment AS o
 CROSS JOIN asset_of_account AS a ON a.account_id = o.account_id
 CROSS JOIN balance AS b
    ON b.account_id = a.account_id
   AND b.asset = a.asset
   AND b.time_ms = (SELECT max(t.time_ms)
                      FROM balance AS t
                     WHERE t.account_id = a.account_id AND t.asset = a.asset AND t.time_ms < :to_ms)
   AND (b.wallet_balance_e8 <> 0 OR b.margin_balance_e8 <> 0)
 CROSS JOIN equity_history AS e ON e.account = o.account AND e.asset = b.asset AND e.time_ms = b.time_ms
 ORDER BY e.account, e.asset;
