-- Every leg on every UTC day in which it has valuations: the times of the day's first and last.
CREATE VIEW leg_day AS
WITH RECURSIVE
     day (day_ms) AS (
         SELECT min(from_ms) - min(from_ms) % 86400000
           FROM account_range
         HAVING min(from_ms) IS NOT NULL
         UNION ALL
         SELECT day_ms + 86400000
           FROM day
          WHERE day_ms + 86400000 <= (SELECT max(to_ms) FROM account_range)
     )
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       d.day_ms,
       strftime('%Y-%m-%d', d.day_ms / 1000, 'unixepoch') AS day,
       f.time_ms AS first_ms,
       (SELECT max(v.time_ms)
          FROM valuation AS v
         WHERE v.leg_id = l.leg_id
           AND v.time_ms BETWEEN f.time_ms AND d.day_ms + 86400000 - 1) AS last_ms
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN day AS d
 CROSS JOIN valuation AS f
    ON f.leg_id = l.leg_id
   AND f.time_ms = (SELECT min(v.time_ms)
                      FROM valuation AS v
                     WHERE v.leg_id = l.leg_id
                       AND v.time_ms BETWEEN d.day_ms AND d.day_ms + 86400000 - 1);
