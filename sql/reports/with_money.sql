-- The same for reports about money, of which no samples are taken.
WITH RECURSIVE
history AS NOT MATERIALIZED (SELECT account, from_ms, to_ms FROM money_range)
