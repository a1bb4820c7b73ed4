-- How much of each day each account's history covers, and how large the holes were that began in it. (The
-- view `gap` says the same of the whole history; here only the polls of the range are looked at.)
WITH good (account, from_ms, to_ms, interval_ms) AS (
    SELECT account,
           received_ms,
           lead(received_ms) OVER following,
           lead(interval_ms) OVER following
      FROM poll_log
     WHERE (:account IS NULL OR account = :account)
       AND endpoint = 'positionRisk'
       AND outcome = 'ok'
       AND received_ms >= coalesce(:from_ms, 0) / 86400000 * 86400000
       AND received_ms < coalesce(:to_ms / 86400000 * 86400000, 9e18) + 86400000
    WINDOW following AS (PARTITION BY account ORDER BY received_ms)
),
followed (account, from_ms, to_ms, interval_ms) AS (
    SELECT account, from_ms, to_ms, interval_ms FROM good WHERE to_ms IS NOT NULL
    UNION ALL
    SELECT g.account, g.from_ms, p.received_ms, p.interval_ms
      FROM good AS g
     CROSS JOIN poll_log AS p
        ON p.account = g.account
       AND p.received_ms = (SELECT n.received_ms
                              FROM poll_log AS n
                             WHERE n.account = g.account
                               AND n.endpoint = 'positionRisk'
                               AND n.outcome = 'ok'
                               AND n.received_ms > g.from_ms
                             ORDER BY n.received_ms LIMIT 1)
     WHERE g.to_ms IS NULL
),
hole (account, day_ms, gaps, longest_gap_s) AS MATERIALIZED (
    SELECT account, from_ms / 86400000 * 86400000, count(*), max(to_ms - from_ms) / 1000.0
      FROM followed
     WHERE to_ms - from_ms > interval_ms * 1.5
     GROUP BY 1, 2
)
SELECT c.account,
       c.day,
       c.expected,
       c.ok,
       c.failed,
       c.share,
       coalesce(h.gaps, 0) AS gaps,
       h.longest_gap_s
  FROM coverage_daily AS c
  LEFT JOIN hole AS h ON h.account = c.account AND h.day_ms = c.day_ms
 WHERE (:account IS NULL OR c.account = :account)
   AND (:from_ms IS NULL OR c.day_ms + 86400000 > :from_ms)
   AND (:to_ms IS NULL OR c.day_ms <= :to_ms)
 ORDER BY c.account, c.day;
