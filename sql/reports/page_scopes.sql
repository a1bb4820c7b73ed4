-- Whose equity curves there are: of all accounts together, '', and of each. After with_page and with_range.
SELECT account, from_ms, to_ms
  FROM (SELECT '' AS account, min(from_ms) AS from_ms, max(to_ms) AS to_ms FROM asked HAVING count(*) > 1
         UNION ALL
        SELECT account, from_ms, to_ms FROM asked)
 WHERE from_ms < to_ms
 ORDER BY account;
