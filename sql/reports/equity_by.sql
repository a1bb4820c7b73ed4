-- The rows of equity, summed to what :by names. Nothing of an asset is worth nothing, whatever its price; an asset that
-- an account's answers do not have hides none of the others. After the parts of equity.
), asset_row AS (
    SELECT *,
           wallet_balance IS NULL AND margin_balance IS NULL AND unrealized_pnl IS NULL
           AND max(wallet_balance IS NOT NULL) OVER (PARTITION BY account, time) AS is_absent,
           iif(wallet_balance = 0, 0, wallet_balance_usd) AS wallet_usd,
           iif(unrealized_pnl = 0, 0, unrealized_pnl_usd) AS unrealized_usd,
           iif(margin_balance = 0, 0, margin_balance_usd) AS margin_usd
      FROM report_row
)
SELECT iif(:by = 'account', account, NULL) AS account,
       iif(:by = 'asset', asset, NULL) AS asset,
       max(time) AS time,
       iif(count(*) = count(wallet_balance) + sum(is_absent),
           sum(CAST(round(wallet_balance * 1e8) AS INTEGER)) / 1e8, NULL) AS wallet_balance,
       iif(count(*) = count(unrealized_pnl) + sum(is_absent),
           sum(CAST(round(unrealized_pnl * 1e8) AS INTEGER)) / 1e8, NULL) AS unrealized_pnl,
       iif(count(*) = count(margin_balance) + sum(is_absent),
           sum(CAST(round(margin_balance * 1e8) AS INTEGER)) / 1e8, NULL) AS margin_balance,
       iif(count(*) = count(maintenance_margin) + sum(is_absent),
           sum(CAST(round(maintenance_margin * 1e8) AS INTEGER)) / 1e8, NULL) AS maintenance_margin,
       iif(count(*) = count(wallet_usd) + sum(is_absent),
           sum(CAST(round(wallet_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS wallet_balance_usd,
       iif(count(*) = count(unrealized_usd) + sum(is_absent),
           sum(CAST(round(unrealized_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS unrealized_pnl_usd,
       iif(count(*) = count(margin_usd) + sum(is_absent),
           sum(CAST(round(margin_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS margin_balance_usd,
       min(covered) AS covered
  FROM asset_row
 GROUP BY 1, 2, iif(:every_ms IS NULL, NULL, time)
