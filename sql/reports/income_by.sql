-- The rows of income, summed to what :by names, by what they are: realized PnL, funding, commission, coins that came or
-- went, and all else. After the parts of income.
), part_row AS (
    SELECT *,
           CASE
               WHEN income_type = 'REALIZED_PNL' THEN 'realized'
               WHEN income_type = 'FUNDING_FEE' THEN 'funding'
               WHEN income_type = 'COMMISSION' THEN 'commission'
               WHEN income_type LIKE '%TRANSFER%' OR income_type LIKE 'COIN_SWAP%' THEN 'transfers'
               ELSE 'other'
           END AS part,
           step_begin(unixepoch(time) * 1000, :every_ms, :every_months) AS step_ms
      FROM report_row
)
SELECT iif(:by = 'account', account, NULL) AS account,
       iif(:by = 'symbol', symbol, NULL) AS symbol,
       iif(:by = 'asset', asset, NULL) AS asset,
       min(time) AS time,
       max(until) AS until,
       sum(count) AS count,
       iif(count(*) = count(income),
           sum(CAST(round(income * 1e8) AS INTEGER)) / 1e8, NULL) AS income,
       iif(max(part = 'realized' AND income_usd IS NULL), NULL,
           sum(iif(part = 'realized', CAST(round(income_usd * 1e8) AS INTEGER), 0)) / 1e8) AS realized_pnl_usd,
       iif(max(part = 'funding' AND income_usd IS NULL), NULL,
           sum(iif(part = 'funding', CAST(round(income_usd * 1e8) AS INTEGER), 0)) / 1e8) AS funding_usd,
       iif(max(part = 'commission' AND income_usd IS NULL), NULL,
           sum(iif(part = 'commission', CAST(round(income_usd * 1e8) AS INTEGER), 0)) / 1e8) AS commission_usd,
       iif(max(part = 'transfers' AND income_usd IS NULL), NULL,
           sum(iif(part = 'transfers', CAST(round(income_usd * 1e8) AS INTEGER), 0)) / 1e8) AS transfers_usd,
       iif(max(part = 'other' AND income_usd IS NULL), NULL,
           sum(iif(part = 'other', CAST(round(income_usd * 1e8) AS INTEGER), 0)) / 1e8) AS other_usd,
       iif(count(*) = count(income_usd),
           sum(CAST(round(income_usd * 1e8) AS INTEGER)) / 1e8, NULL) AS income_usd,
       min(covered) AS covered
  FROM part_row
 GROUP BY 1, 2, 3, step_ms
