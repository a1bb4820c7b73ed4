-- What was moved in and out of :account's wallets, '' for all of them, to mark in its curve.
SELECT time_ms,
       format('%s: %s of %.8g %s', account, replace(lower(income_type), '_', ' '), income, asset) AS text
  FROM page_moved
 WHERE (account = :account OR :account = '')
   AND time_ms >= :from_ms
   AND time_ms < :to_ms
 ORDER BY time_ms, account, income_type, asset, income;
