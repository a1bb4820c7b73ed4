-- How much of each day each account's history covers, how large the holes were that began in it, and how much
-- of the day (of its recorded part) the user data stream was up; NULL where none was ever recorded.
WITH hole (account, day_ms, gaps, longest_gap_s) AS MATERIALIZED (
    SELECT g.account, g.from_ms / 86400000 * 86400000, count(*), max(g.to_ms - g.from_ms) / 1000.0
      FROM account_range AS r
     CROSS JOIN gap AS g
        ON g.account = r.account
       AND g.from_ms >= coalesce(:from_ms, 0) / 86400000 * 86400000
       AND g.from_ms < coalesce((:to_ms - 1) / 86400000 * 86400000, 9e18) + 86400000
     WHERE (:account IS NULL OR r.account = :account)
     GROUP BY 1, 2
)
, up (account, from_ms, until_ms, before_ms) AS MATERIALIZED (
    SELECT s.account,
           s.opened_ms,
           coalesce(s.until_ms, r.to_ms),
           max(coalesce(s.until_ms, r.to_ms)) OVER (PARTITION BY s.account ORDER BY s.capture_id
                                                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      FROM account_range AS r
      JOIN stream_session AS s ON s.account = r.account
     WHERE :account IS NULL OR r.account = :account
)
SELECT c.account,
       c.day,
       c.expected,
       c.ok,
       c.failed,
       c.share,
       coalesce(h.gaps, 0) AS gaps,
       h.longest_gap_s,
       (SELECT round(1e6 * sum(max(0, min(u.until_ms, c.day_ms + 86400000, r.to_ms)
                                      - max(u.from_ms, coalesce(u.before_ms, 0), c.day_ms)))
                     / max(1, min(c.day_ms + 86400000, r.to_ms) - max(c.day_ms, r.from_ms))) / 1e6
          FROM up AS u
         WHERE u.account = c.account) AS stream_share
  FROM coverage_daily AS c
  JOIN account_range AS r ON r.account = c.account
  LEFT JOIN hole AS h ON h.account = c.account AND h.day_ms = c.day_ms
 WHERE (:account IS NULL OR c.account = :account)
   AND (:from_ms IS NULL OR c.day_ms + 86400000 > :from_ms)
   AND (:to_ms IS NULL OR c.day_ms < :to_ms)
 ORDER BY c.account, c.day;
