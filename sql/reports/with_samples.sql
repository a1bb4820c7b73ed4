-- What the sampled reports go on with, after with_polls (or with_balances), with_range and with_silence.
-- `sample`: the moments to show, each what held just before it. With :every_ms they are the ends of its steps in UTC;
-- without, one, the range's end. Number 0 is the range's start, which changes are counted from: there the last that
-- was known holds across a gap too, so that what ranges that follow one another came to adds up. `first_ms` is the
-- first good poll since the moment before. `known_ms` is the last good poll before the moment, NULL in a gap.
-- `next_ms` is the first good poll from it on. `covered`: which share of the step, or of the range asked for, the
-- record can speak of.
, moment (account, account_id, number, moment_ms, from_ms, to_ms) AS (
    SELECT a.account, n.account_id, 0, a.from_ms, a.from_ms, a.to_ms
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
    UNION ALL
    SELECT account,
           account_id,
           number + 1,
           coalesce(step_end(moment_ms, :every_ms, :every_months), to_ms),
           from_ms,
           to_ms
      FROM moment
     WHERE moment_ms < to_ms
       AND coalesce(step_end(moment_ms, :every_ms, :every_months), to_ms) <= to_ms
),
around AS (
    SELECT m.*,
           (SELECT p.received_ms
              FROM source AS p
             WHERE p.account_id = m.account_id AND p.received_ms < m.moment_ms
             ORDER BY p.received_ms DESC LIMIT 1) AS last_ms,
           (SELECT p.received_ms
              FROM source AS p
             WHERE p.account_id = m.account_id AND p.received_ms >= m.moment_ms
             ORDER BY p.received_ms LIMIT 1) AS next_ms
      FROM moment AS m
),
-- The silence of what samples are taken from, cut at the ends of steps.
hidden (account, from_ms, to_ms, moment_ms) AS (
    SELECT g.account, max(g.from_ms, coalesce(:from_ms, a.from_ms)), g.to_ms,
           coalesce(step_end(max(g.from_ms, coalesce(:from_ms, a.from_ms)), :every_ms, :every_months), a.to_ms)
      FROM asked AS a
     CROSS JOIN source_kind AS k
     CROSS JOIN silence AS g
        ON g.account = a.account AND g.kind = k.kind AND g.from_ms < a.to_ms AND g.to_ms > coalesce(:from_ms, a.from_ms)
    UNION ALL
    SELECT account, moment_ms, to_ms, step_end(moment_ms, :every_ms, :every_months)
      FROM hidden
     WHERE moment_ms < to_ms
),
hidden_of_step AS MATERIALIZED (
    SELECT account, moment_ms, total(min(to_ms, moment_ms) - from_ms) AS hidden_ms
      FROM hidden
     GROUP BY account, moment_ms
),
-- Known is a moment up to the next good poll, unless what is known ended with the last one; and after the last of all
-- for one and a half of the interval.
sample (account, number, moment_ms, first_ms, known_ms, next_ms, covered) AS MATERIALIZED (
    SELECT a.account,
           a.number,
           a.moment_ms,
           iif(a.first_ms < a.moment_ms, a.first_ms, NULL),
           CASE
               WHEN a.number = 0 OR a.last_ms = a.moment_ms - 1 THEN a.last_ms
               WHEN :every_ms IS NULL THEN iif(a.last_ms >= a.from_ms, a.last_ms, NULL)
               WHEN (SELECT min(k.to_ms)
                       FROM source_kind AS o
                      CROSS JOIN known_span AS k
                         ON (k.account_id, k.kind, k.symbol, k.to_ms) = (a.account_id, o.kind, '', a.last_ms)) THEN NULL
               WHEN a.next_ms IS NULL
                   AND a.moment_ms - 1 > (SELECT CAST(a.last_ms + i.interval_ms * 1.5 AS INTEGER)
                                            FROM source_kind AS o
                                           CROSS JOIN interval_stated AS i
                                              ON i.account_id = a.account_id AND i.endpoint = o.endpoint) THEN NULL
               ELSE a.last_ms
           END,
           a.next_ms,
           round((1 - coalesce(h.hidden_ms, 0.0)
                      / (a.moment_ms - max(coalesce(:from_ms, a.from_ms),
                                           coalesce(step_begin(a.moment_ms - 1, :every_ms, :every_months), 0))))
                 * 1e6) / 1e6
      FROM (SELECT *, lag(next_ms) OVER (PARTITION BY account ORDER BY number) AS first_ms FROM around) AS a
      LEFT JOIN hidden_of_step AS h ON h.account = a.account AND h.moment_ms = a.moment_ms
)
