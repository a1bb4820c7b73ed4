-- What reports about positions begin with (report/report.c puts this text in front of theirs): from when to when each
-- account was polled, and the polls, which samples are taken from.
WITH RECURSIVE
history AS NOT MATERIALIZED (SELECT account, from_ms, to_ms FROM account_range),
source AS NOT MATERIALIZED (SELECT * FROM poll_log),
source_pair AS NOT MATERIALIZED (SELECT * FROM poll_pair),
source_kind (kind) AS (SELECT 'polls')
