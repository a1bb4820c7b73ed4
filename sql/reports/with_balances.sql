-- The same for reports about balances, which the answers of `account` tell.
WITH RECURSIVE
history AS NOT MATERIALIZED (SELECT account, min(from_ms) AS from_ms, max(to_ms) AS to_ms FROM asset_range GROUP BY account),
source AS NOT MATERIALIZED (SELECT * FROM capture_log WHERE endpoint = 'account'),
source_pair AS NOT MATERIALIZED (SELECT * FROM capture_pair WHERE endpoint = 'account'),
source_kind (kind) AS (SELECT 'account')
