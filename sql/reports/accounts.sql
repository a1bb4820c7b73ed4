-- Every account that is recorded.
SELECT account FROM account_range ORDER BY account;
