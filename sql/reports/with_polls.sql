-- What reports about positions begin with (report/report.c puts this text in front of theirs): from when to when each
-- account was polled, and the good polls, which samples are taken from.
WITH RECURSIVE
history AS NOT MATERIALIZED (SELECT account, from_ms, to_ms FROM account_range),
source AS NOT MATERIALIZED (SELECT account_id, received_ms FROM capture_read WHERE endpoint = 'positionRisk' AND outcome = 'ok'),
source_kind (kind, endpoint) AS (SELECT 'polls', 'positionRisk')
