-- The income of the range, priced once. Kept under the view's name, so that what the page asks of it later asks this.
SELECT account, symbol, asset, time_ms, income_type, income, income_usd
  FROM income_history
 WHERE (:account IS NULL OR account = :account)
   AND time_ms >= coalesce(:from_ms, -9e18)
   AND time_ms < coalesce(:to_ms, 9e18);
