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
 CROSS JOIN equity_history AS e
    ON e.account = o.account
   AND e.asset = a.asset
   AND e.time_ms = (SELECT max(b.time_ms)
                      FROM balance AS b
                     WHERE b.account_id = a.account_id AND b.asset = a.asset AND b.time_ms < :to_ms)
 WHERE e.wallet_balance <> 0 OR e.margin_balance <> 0
 ORDER BY e.account, e.asset;
