-- The accounts to draw, each with the range that its history has. After with_range.
SELECT account, from_ms, to_ms FROM asked WHERE from_ms < to_ms ORDER BY account;
