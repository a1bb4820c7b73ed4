-- An account's balances of the hours from :hour_ms to :until_ms that reconcile has to look at, in the columns of
-- balance_change: another wallet or time of it than in the row before, or a margin balance that does not add up. Each is found from
-- the one before by a walk of the key, which begins with the last row before those hours.
, own (account_id, asset) AS (
    SELECT a.account_id, (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = a.account_id)
      FROM account AS a
     WHERE a.name = :account
    UNION ALL
    SELECT o.account_id,
           (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = o.account_id AND b.asset > o.asset)
      FROM own AS o
     WHERE o.asset IS NOT NULL
),
walk (account_id, asset, time_ms, update_ms, wallet_e8, is_state, adds_up) AS (
    SELECT o.account_id, o.asset, :hour_ms - 1, b.update_ms, b.wallet_balance_e8, 0, 1
      FROM own AS o
      LEFT JOIN balance AS b
        ON b.account_id = o.account_id
       AND b.asset = o.asset
       AND b.time_ms = (SELECT max(p.time_ms)
                          FROM balance AS p
                         WHERE p.account_id = o.account_id AND p.asset = o.asset AND p.time_ms < :hour_ms)
     WHERE o.asset IS NOT NULL
    UNION ALL
    SELECT w.account_id,
           w.asset,
           b.time_ms,
           b.update_ms,
           b.wallet_balance_e8,
           coalesce(w.wallet_e8 IS NULL OR b.wallet_balance_e8 <> w.wallet_e8 OR b.update_ms <> w.update_ms, 0),
           -- each of the three is rounded: that explains one unit of the last place
           coalesce(b.margin_balance_e8 - b.wallet_balance_e8 - b.unrealized_pnl_e8 BETWEEN -1 AND 1, 1)
      FROM walk AS w
     CROSS JOIN balance AS b
        ON b.account_id = w.account_id
       AND b.asset = w.asset
       AND b.time_ms = (SELECT n.time_ms
                          FROM balance AS n
                         WHERE n.account_id = w.account_id
                           AND n.asset = w.asset
                           AND n.time_ms > w.time_ms
                           AND n.time_ms < :until_ms
                           AND (n.wallet_balance_e8 IS NOT w.wallet_e8
                                OR n.update_ms IS NOT w.update_ms
                                OR n.margin_balance_e8 - n.wallet_balance_e8 - n.unrealized_pnl_e8 NOT BETWEEN -1 AND 1)
                         ORDER BY n.time_ms LIMIT 1)
)
SELECT * FROM walk WHERE time_ms >= :hour_ms;
