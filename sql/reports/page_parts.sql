-- What each month's PnL is made of, in USD, of page_pnl.
SELECT iif(account = '', 'All accounts', account) AS account,
       strftime('%Y-%m', from_ms / 1000, 'unixepoch') AS month,
       realized_e8 / 1e8 AS realized_pnl_usd,
       funding_e8 / 1e8 AS funding_usd,
       fees_e8 / 1e8 AS fees_usd,
       other_e8 / 1e8 AS other_usd,
       unrealized_e8 / 1e8 AS unrealized_change_usd,
       total_e8 / 1e8 AS total_usd
  FROM page_pnl
 WHERE kind = 'month'
   AND (unrealized_e8 IS NOT NULL OR realized_e8 <> 0 OR funding_e8 <> 0 OR fees_e8 <> 0)
 ORDER BY page_pnl.account, from_ms DESC;
