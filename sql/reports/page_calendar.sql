-- The PnL of each month in USD, a row for each year, of page_pnl.
SELECT iif(account = '', 'All accounts', account) AS account,
       strftime('%Y', from_ms / 1000, 'unixepoch') AS year,
       sum(iif(month = 1, total_e8, NULL)) / 1e8 AS jan_pnl_usd,
       sum(iif(month = 2, total_e8, NULL)) / 1e8 AS feb_pnl_usd,
       sum(iif(month = 3, total_e8, NULL)) / 1e8 AS mar_pnl_usd,
       sum(iif(month = 4, total_e8, NULL)) / 1e8 AS apr_pnl_usd,
       sum(iif(month = 5, total_e8, NULL)) / 1e8 AS may_pnl_usd,
       sum(iif(month = 6, total_e8, NULL)) / 1e8 AS jun_pnl_usd,
       sum(iif(month = 7, total_e8, NULL)) / 1e8 AS jul_pnl_usd,
       sum(iif(month = 8, total_e8, NULL)) / 1e8 AS aug_pnl_usd,
       sum(iif(month = 9, total_e8, NULL)) / 1e8 AS sep_pnl_usd,
       sum(iif(month = 10, total_e8, NULL)) / 1e8 AS oct_pnl_usd,
       sum(iif(month = 11, total_e8, NULL)) / 1e8 AS nov_pnl_usd,
       sum(iif(month = 12, total_e8, NULL)) / 1e8 AS dec_pnl_usd,
       sum(total_e8) / 1e8 AS year_pnl_usd
  FROM (SELECT *, CAST(strftime('%m', from_ms / 1000, 'unixepoch') AS INTEGER) AS month FROM page_pnl
         WHERE kind = 'month' AND (unrealized_e8 IS NOT NULL OR realized_e8 <> 0 OR funding_e8 <> 0 OR fees_e8 <> 0)) AS page_pnl
 GROUP BY page_pnl.account, year
 ORDER BY page_pnl.account, year DESC;
