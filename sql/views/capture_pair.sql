-- Every good request of an endpoint with the good one that followed it, and what a gap is: the two are more
-- than one and a half intervals apart, by the interval of either of them, so that a request by hand hides no
-- hole of the service. Where neither has an interval nothing is judged. `missed` is how many would have
-- fitted into a gap. `known_until_ms`: up to then the account stands as `from_ms` found it, which is to
-- the one that followed, in a gap at that moment alone, and after the last for one and a half
-- intervals. Every other statement of what a gap is reads this one. The order is that of the index capture_by_time:
-- messages of the stream may share a millisecond.
CREATE VIEW capture_pair AS
SELECT account,
       endpoint,
       from_ms,
       to_ms,
       interval_ms,
       coalesce(to_ms - from_ms > interval_ms * 1.5, 0) AS is_gap,
       max(1, (to_ms - from_ms + interval_ms / 2) / interval_ms - 1) AS missed,
       CASE
           WHEN to_ms - from_ms > interval_ms * 1.5 THEN from_ms
           ELSE coalesce(to_ms, CAST(from_ms + interval_ms * 1.5 AS INTEGER), 9000000000000000000)
       END AS known_until_ms
  FROM (SELECT a.name AS account,
               p.endpoint,
               p.received_ms AS from_ms,
               n.received_ms AS to_ms,
               coalesce(min(p.interval_ms, n.interval_ms), p.interval_ms, n.interval_ms) AS interval_ms
          FROM account AS a
         CROSS JOIN capture_read AS p
            ON p.account_id = a.account_id AND p.outcome = 'ok'
          LEFT JOIN capture AS n
            ON n.capture_id = (SELECT b.capture_id
                                 FROM capture_read AS b
                                WHERE b.account_id = p.account_id
                                  AND b.endpoint = p.endpoint
                                  AND b.outcome = 'ok'
                                  AND b.received_ms > p.received_ms
                                ORDER BY b.received_ms, iif(b.endpoint = 'userData', b.capture_id, 0)
                                LIMIT 1));
