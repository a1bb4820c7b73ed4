-- What the sampled reports go on with, after with_polls (or with_balances), with_range and with_silence.
-- `sample`: the moments to show, each what held just before it. With :every_ms they are the ends of its steps in UTC;
-- without, one, the range's end. Number 0 is the range's start, which changes are counted from: there the last that
-- was known holds across a gap too, so that what ranges that follow one another came to adds up. `first_ms` is the
-- first good poll since the moment before. `known_ms` is the last good poll before the moment, NULL in a gap.
-- `next_ms` is the first good poll from it on. `covered`: which share of the step, or of the range asked for, the
-- record can speak of.
, moment (account, number, before_ms, moment_ms, from_ms, to_ms) AS (
    SELECT account, 0, NULL, from_ms, from_ms, to_ms FROM asked
    UNION ALL
    SELECT account,
           number + 1,
           moment_ms,
           coalesce(step_end(moment_ms, :every_ms, :every_months), to_ms),
           from_ms,
           to_ms
      FROM moment
     WHERE moment_ms < to_ms
       AND coalesce(step_end(moment_ms, :every_ms, :every_months), to_ms) <= to_ms
),
around (account, number, moment_ms, from_ms, first_ms, last_ms, next_ms) AS (
    SELECT m.account,
           m.number,
           m.moment_ms,
           m.from_ms,
           (SELECT p.received_ms
              FROM source AS p
             WHERE p.account = m.account AND p.outcome = 'ok'
               AND p.received_ms >= m.before_ms AND p.received_ms < m.moment_ms
             ORDER BY p.received_ms LIMIT 1),
           (SELECT p.received_ms
              FROM source AS p
             WHERE p.account = m.account AND p.outcome = 'ok' AND p.received_ms < m.moment_ms
             ORDER BY p.received_ms DESC LIMIT 1),
           (SELECT p.received_ms
              FROM source AS p
             WHERE p.account = m.account AND p.outcome = 'ok' AND p.received_ms >= m.moment_ms
             ORDER BY p.received_ms LIMIT 1)
      FROM moment AS m
),
sample (account, number, moment_ms, first_ms, known_ms, next_ms, covered) AS MATERIALIZED (
    SELECT a.account,
           a.number,
           a.moment_ms,
           a.first_ms,
           CASE
               WHEN a.number = 0 THEN a.last_ms
               WHEN :every_ms IS NULL THEN iif(a.last_ms >= a.from_ms, a.last_ms, NULL)
               WHEN a.moment_ms - 1 <= (SELECT p.known_until_ms
                                          FROM source_pair AS p
                                         WHERE p.account = a.account AND p.from_ms = a.last_ms)
                   THEN a.last_ms
           END,
           a.next_ms,
           (SELECT round((1 - total(min(g.to_ms, a.moment_ms) - max(g.from_ms, o.begin_ms)) / (a.moment_ms - o.begin_ms))
                         * 1e6) / 1e6
              FROM (SELECT max(coalesce(:from_ms, a.from_ms),
                               coalesce(step_begin(a.moment_ms - 1, :every_ms, :every_months), 0)) AS begin_ms) AS o
             CROSS JOIN source_kind AS k
              LEFT JOIN silence AS g
                ON g.account = a.account AND g.kind = k.kind AND g.from_ms < a.moment_ms AND g.to_ms > o.begin_ms)
      FROM around AS a
)
