-- The rows of pnl, summed to what :by names. A leg that an account's answers do not have hides no unrealized PnL of the
-- others. After the parts of pnl.
), leg_row AS (
    SELECT *,
           position_amount IS NULL AND mark_price IS NULL AND unrealized_pnl IS NULL
           AND max(mark_price IS NOT NULL) OVER (PARTITION BY account, time) AS is_absent
      FROM report_row
)
SELECT iif(:by = 'account', account, NULL) AS account,
       iif(:by = 'symbol', symbol, NULL) AS symbol,
       iif(:by IN ('symbol', 'asset'), margin_asset, NULL) AS margin_asset,
       max(time) AS time,
       iif(count(*) = count(unrealized_pnl) + sum(is_absent),
           sum(CAST(round(unrealized_pnl * 1e8) AS INTEGER)) / 1e8, NULL) AS unrealized_pnl,
       iif(count(*) = count(change),
           sum(CAST(round(change * 1e8) AS INTEGER)) / 1e8, NULL) AS change,
       iif(count(*) = count(realized_pnl),
           sum(CAST(round(realized_pnl * 1e8) AS INTEGER)) / 1e8, NULL) AS realized_pnl,
       iif(count(*) = count(funding),
           sum(CAST(round(funding * 1e8) AS INTEGER)) / 1e8, NULL) AS funding,
       iif(count(*) = count(commission),
           sum(CAST(round(commission * 1e8) AS INTEGER)) / 1e8, NULL) AS commission,
       iif(count(*) = count(other),
           sum(CAST(round(other * 1e8) AS INTEGER)) / 1e8, NULL) AS other,
       iif(count(*) = count(total),
           sum(CAST(round(total * 1e8) AS INTEGER)) / 1e8, NULL) AS total,
       iif(count(*) = count(unrealized_pnl_usd) + sum(is_absent),
           sum(CAST(round(unrealized_pnl_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS unrealized_pnl_usd,
       iif(count(*) = count(change_usd),
           sum(CAST(round(change_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS change_usd,
       iif(count(*) = count(realized_pnl_usd),
           sum(CAST(round(realized_pnl_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS realized_pnl_usd,
       iif(count(*) = count(funding_usd),
           sum(CAST(round(funding_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS funding_usd,
       iif(count(*) = count(commission_usd),
           sum(CAST(round(commission_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS commission_usd,
       iif(count(*) = count(other_usd),
           sum(CAST(round(other_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS other_usd,
       iif(count(*) = count(total_usd),
           sum(CAST(round(total_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS total_usd,
       min(covered) AS covered
  FROM leg_row
 GROUP BY 1, 2, 3, iif(:every_ms IS NULL, NULL, time)
