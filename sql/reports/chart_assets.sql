-- The assets to draw for :account. After with_balances and with_range.
SELECT r.asset AS label, r.asset, NULL
  FROM asked AS a
 CROSS JOIN asset_range AS r ON r.account = a.account
 WHERE r.from_ms < a.to_ms
   AND EXISTS (SELECT 1
                 FROM balance_history AS b
                WHERE b.account = r.account
                  AND b.asset = r.asset
                  AND b.time_ms >= a.from_ms
                  AND b.time_ms < a.to_ms
                  AND b.margin_balance <> 0)
 ORDER BY r.asset;
