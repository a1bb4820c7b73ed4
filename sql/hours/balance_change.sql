-- An account's balances of the hours from :hour_ms to :until_ms that reconcile looks at, in the columns of balance_change: each
-- is found from the one before by a walk of the key, which begins with the last row before those hours.
, own (account_id, asset) AS (
--include asset_of_named
),
walk (account_id, asset, to_ms, time_ms, update_ms, wallet_e8, is_state, adds_up) AS (
    SELECT o.account_id, o.asset, :until_ms, :hour_ms - 1, b.update_ms, b.wallet_balance_e8, 0, 1
      FROM own AS o
      LEFT JOIN balance AS b
        ON b.account_id = o.account_id
       AND b.asset = o.asset
       AND b.time_ms = (SELECT max(p.time_ms)
                          FROM balance AS p
                         WHERE p.account_id = o.account_id AND p.asset = o.asset AND p.time_ms < :hour_ms)
     WHERE o.asset IS NOT NULL
    UNION ALL
--include balance_next
)
SELECT account_id, asset, time_ms, update_ms, wallet_e8, is_state, adds_up
  FROM walk
 WHERE is_state OR NOT adds_up;
