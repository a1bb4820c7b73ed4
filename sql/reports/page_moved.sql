-- What came into the wallets or left them in the range, with what it was worth. Kept as page_moved.
SELECT account, asset, time_ms, income_type, income, income_usd
  FROM income_history
 WHERE (:account IS NULL OR account = :account)
   AND time_ms >= coalesce(:from_ms, -9e18)
   AND time_ms < coalesce(:to_ms, 9e18)
   AND (income_type LIKE '%TRANSFER%' OR income_type LIKE 'COIN_SWAP%');
