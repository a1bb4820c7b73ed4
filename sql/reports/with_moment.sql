-- `moment`: of each account the last millisecond before :to_ms, or now where that is past all time; as_of_ms, its last good
-- poll then; and whether the moment is recorded: after the last poll of all it is for one and a half of the interval. With
-- :answers 'account' the same of the answers of account.
WITH polls AS MATERIALIZED (
    SELECT k.account_id, k.from_ms, k.to_ms
      FROM account AS a
     CROSS JOIN known_span AS k
        ON k.account_id = a.account_id AND k.kind = coalesce(:answers, 'polls') AND k.symbol = ''
     WHERE :account IS NULL OR a.name = :account
    UNION ALL
    SELECT account_id, from_ms, to_ms FROM known_running WHERE kind = coalesce(:answers, 'polls')
),
around AS MATERIALIZED (
    SELECT a.account_id,
           a.name AS account,
           iif(:to_ms > 253402300799999, :now_ms, :to_ms - 1) AS at_ms,
           (SELECT max(k.to_ms) FROM polls AS k WHERE k.account_id = a.account_id AND k.from_ms < :to_ms) AS last_ms,
           (SELECT min(k.from_ms) FROM polls AS k WHERE k.account_id = a.account_id AND k.from_ms >= :to_ms) AS next_ms,
           (SELECT i.interval_ms
              FROM interval_stated AS i
             WHERE i.account_id = a.account_id AND i.endpoint = coalesce(:answers, 'positionRisk')) AS interval_ms,
           (SELECT s.received_ms
              FROM capture_read AS s
             WHERE s.account_id = a.account_id
               AND s.endpoint = coalesce(:answers, 'positionRisk')
               AND s.outcome = 'ok'
               AND s.received_ms < :to_ms
             ORDER BY s.received_ms DESC LIMIT 1) AS as_of_ms
      FROM account AS a
     WHERE :account IS NULL OR a.name = :account
),
moment AS MATERIALIZED (
    SELECT *,
           last_ms IS NOT NULL
               AND (last_ms >= at_ms OR (next_ms IS NULL AND at_ms - last_ms <= coalesce(interval_ms * 3 / 2, 0)))
               AS recorded
      FROM around
)
