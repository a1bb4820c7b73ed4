-- The next row of balance after one of `walk`, before its to_ms, of those that tell something new: another wallet or time of it
-- (`is_state`, as far as both can be read), or a margin balance that does not add up.
    SELECT w.account_id,
           w.asset,
           w.to_ms,
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
                           AND n.time_ms < w.to_ms
                           AND (n.wallet_balance_e8 IS NOT w.wallet_e8
                                OR n.update_ms IS NOT w.update_ms
                                OR n.margin_balance_e8 - n.wallet_balance_e8 - n.unrealized_pnl_e8 NOT BETWEEN -1 AND 1)
                         ORDER BY n.time_ms LIMIT 1)
