-- The same for reports about balances, which the answers of `account` tell.
WITH RECURSIVE
history AS NOT MATERIALIZED (SELECT account, min(from_ms) AS from_ms, max(to_ms) AS to_ms FROM asset_range GROUP BY account),
source AS NOT MATERIALIZED (SELECT account_id, received_ms FROM capture_read WHERE endpoint = 'account' AND outcome = 'ok'),
source_kind (kind, endpoint) AS (SELECT 'account', 'account')
