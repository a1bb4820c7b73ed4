-- The accounts to draw money of, each with the range that it has. After with_money_range.
SELECT account, from_ms, to_ms FROM asked WHERE from_ms <= to_ms ORDER BY account;
