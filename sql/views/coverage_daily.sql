-- How much of each UTC day an account's history covers, from its first poll to its last: for how many seconds the record can
-- speak of its positions (`known`), of how many. Days without a single poll are there too.
CREATE VIEW coverage_daily AS
WITH RECURSIVE
day (account_id, account, first_ms, last_ms, day_ms) AS (
    SELECT a.account_id, a.name, min(p.from_ms), max(p.to_ms), min(p.from_ms) / 86400000 * 86400000
      FROM account AS a
     CROSS JOIN (SELECT k.account_id, k.from_ms, k.to_ms
                   FROM account AS o
                  CROSS JOIN known_span AS k ON k.account_id = o.account_id AND k.kind = 'polls' AND k.symbol = ''
                  UNION ALL
                 SELECT account_id, from_ms, to_ms FROM known_running WHERE kind = 'polls') AS p
        ON p.account_id = a.account_id
     GROUP BY a.account_id
    UNION ALL
    SELECT account_id, account, first_ms, last_ms, day_ms + 86400000 FROM day WHERE day_ms + 86400000 < last_ms
)
SELECT account,
       day_ms,
       strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS day,
       covered_ms / 1000.0 AS covered_s,
       expected_ms / 1000.0 AS expected_s,
       round(covered_ms * 1e6 / max(expected_ms, 1)) / 1e6 AS share
  FROM (SELECT d.account,
               d.day_ms,
               min(d.day_ms + 86400000, d.last_ms) - max(d.day_ms, d.first_ms) AS expected_ms,
               coalesce((SELECT sum(min(k.to_ms, d.day_ms + 86400000) - max(k.from_ms, d.day_ms))
                           FROM (SELECT account_id, from_ms, to_ms
                                   FROM known_span
                                  WHERE kind = 'polls' AND symbol = ''
                                  UNION ALL
                                 SELECT account_id, from_ms, to_ms FROM known_running WHERE kind = 'polls') AS k
                          WHERE k.account_id = d.account_id
                            AND k.to_ms > d.day_ms
                            AND k.from_ms < d.day_ms + 86400000), 0) AS covered_ms
          FROM day AS d);
