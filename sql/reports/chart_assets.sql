-- The assets to draw for :account. After with_balances and with_range.
SELECT r.asset AS label, r.asset, NULL
  FROM asked AS a
 CROSS JOIN account AS n ON n.name = a.account
 CROSS JOIN asset_range AS r ON r.account = a.account
 WHERE r.from_ms < a.to_ms
   AND EXISTS (SELECT 1
                 FROM balance AS b
                WHERE b.account_id = n.account_id
                  AND b.asset = r.asset
                  AND b.time_ms >= a.from_ms
                  AND b.time_ms < a.to_ms
                  AND b.margin_balance_e8 <> 0)
 ORDER BY r.asset;
