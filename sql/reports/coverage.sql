-- How much of each day each account's history covers, and how large its holes were.
SELECT c.account,
       c.day,
       c.expected,
       c.ok,
       c.failed,
       c.share,
       (SELECT count(*)
          FROM gap AS g
         WHERE g.account = c.account
           AND g.from_ms BETWEEN c.day_ms AND c.day_ms + 86400000 - 1) AS gaps,
       (SELECT max(g.to_ms - g.from_ms) / 1000.0
          FROM gap AS g
         WHERE g.account = c.account
           AND g.from_ms BETWEEN c.day_ms AND c.day_ms + 86400000 - 1) AS longest_gap_s
  FROM coverage_daily AS c
 WHERE (:account IS NULL OR c.account = :account)
   AND (:from_ms IS NULL OR c.day_ms + 86400000 > :from_ms)
   AND (:to_ms IS NULL OR c.day_ms <= :to_ms)
 ORDER BY c.account, c.day;
