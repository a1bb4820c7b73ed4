-- The accounts to draw the equity of, each with the range of its balances. After with_balance_range.
SELECT account, from_ms, to_ms FROM asked WHERE from_ms <= to_ms ORDER BY account;
