-- Every good answer to a poll, and to account, with the good one that followed it. is_gap: they are too far apart
-- (known_span), and `missed` is how many would have fitted between. `known_until_ms`: up to then the account stands as
-- `from_ms` found it, which is to the one that followed, in a gap at that moment alone, and after the last for one and a
-- half of the interval that was stated last.
CREATE VIEW capture_pair AS
SELECT account,
       endpoint,
       from_ms,
       to_ms,
       interval_ms,
       ended_ms IS NOT NULL AS is_gap,
       max(1, (to_ms - from_ms + interval_ms / 2) / interval_ms - 1) AS missed,
       CASE
           WHEN ended_ms IS NOT NULL THEN from_ms
           ELSE coalesce(to_ms, CAST(from_ms + interval_ms * 1.5 AS INTEGER), 9000000000000000000)
       END AS known_until_ms
  FROM (SELECT account,
               endpoint,
               from_ms,
               to_ms,
               ended_ms,
               CASE
                   WHEN ended_ms IS NOT NULL THEN gap_interval_ms
                   WHEN to_ms IS NOT NULL THEN interval_ms
                   ELSE (SELECT i.interval_ms
                           FROM interval_stated AS i
                          WHERE i.account_id = p.account_id AND i.endpoint = p.endpoint)
               END AS interval_ms
          FROM (SELECT a.name AS account,
                       p.account_id,
                       p.endpoint,
                       p.received_ms AS from_ms,
                       p.interval_ms,
                       (SELECT n.received_ms
                          FROM capture_read AS n
                         WHERE n.account_id = p.account_id
                           AND n.endpoint = p.endpoint
                           AND n.outcome = 'ok'
                           AND n.received_ms > p.received_ms
                         ORDER BY n.received_ms LIMIT 1) AS to_ms,
                       k.to_ms AS ended_ms,
                       k.interval_ms AS gap_interval_ms
                  FROM account AS a
                 CROSS JOIN capture_read AS p
                    ON p.account_id = a.account_id
                   AND p.endpoint IN ('positionRisk', 'account')
                   AND p.outcome = 'ok'
                  LEFT JOIN known_span AS k
                    ON k.account_id = p.account_id
                   AND k.kind = iif(p.endpoint = 'positionRisk', 'polls', 'account')
                   AND k.symbol = ''
                   AND k.to_ms = p.received_ms) AS p);
