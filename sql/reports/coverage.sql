-- How much of each day each account's history covers, and how large the holes were that began in it.
WITH hole (account, day_ms, gaps, longest_gap_s) AS MATERIALIZED (
    SELECT g.account, g.from_ms / 86400000 * 86400000, count(*), max(g.to_ms - g.from_ms) / 1000.0
      FROM account_range AS r
     CROSS JOIN gap AS g
        ON g.account = r.account
       AND g.from_ms >= coalesce(:from_ms, 0) / 86400000 * 86400000
       AND g.from_ms < coalesce(:to_ms / 86400000 * 86400000, 9e18) + 86400000
     WHERE (:account IS NULL OR r.account = :account)
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
