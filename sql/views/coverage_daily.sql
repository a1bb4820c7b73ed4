-- How much of each UTC day an account's history covers, from its first poll to its last. `expected` are
-- the ticks of the interval that was in force; `ok` are good polls, `failed` requests of any other
-- outcome; `share` is ok of expected, 1 at most. Days without a single poll are there too. `expected`
-- and `share` are NULL where no interval is known.
CREATE VIEW coverage_daily AS
WITH RECURSIVE
     span (account_id, account, first_ms, last_ms) AS (
         SELECT a.account_id, a.name, r.from_ms, r.to_ms
           FROM account AS a
           JOIN account_range AS r ON r.account = a.name
          WHERE r.from_ms IS NOT NULL
     ),
     -- A day without a poll of the service has the interval of the day before.
     day (account_id, account, first_ms, last_ms, day_ms, interval_ms) AS (
         SELECT account_id, account, first_ms, last_ms, first_ms - first_ms % 86400000 - 86400000, NULL
           FROM span
         UNION ALL
         SELECT account_id,
                account,
                first_ms,
                last_ms,
                day_ms + 86400000,
                coalesce((SELECT s.interval_ms
                            FROM capture AS s
                           WHERE s.account_id = day.account_id
                             AND s.endpoint = 'positionRisk'
                             AND s.received_ms >= day_ms + 86400000
                             AND s.received_ms < day_ms + 86400000 * 2
                             AND s.interval_ms IS NOT NULL
                           ORDER BY s.received_ms DESC
                           LIMIT 1), interval_ms)
           FROM day
          WHERE day_ms + 86400000 <= last_ms
     ),
     polled (account_id, day_ms, ok, failed) AS (
         SELECT account_id, hour_ms / 86400000 * 86400000, sum(ok), sum(failed)
           FROM (SELECT account_id, hour_ms, ok, failed FROM poll_hour
                  UNION ALL
                 SELECT r.account_id, s.received_ms, s.outcome = 'ok', s.outcome <> 'ok'
                   FROM poll_running AS r
                  CROSS JOIN capture_read AS s
                     ON s.account_id = r.account_id
                    AND s.endpoint = 'positionRisk'
                    AND s.received_ms >= r.from_ms)
          GROUP BY 1, 2
     ),
     counted (account, day_ms, from_ms, to_ms, starts, interval_ms, ok, failed) AS (
         SELECT d.account,
                d.day_ms,
                max(d.day_ms, d.first_ms),
                min(d.day_ms + 86400000 - 1, d.last_ms),
                d.first_ms >= d.day_ms,
                d.interval_ms,
                coalesce(p.ok, 0),
                coalesce(p.failed, 0)
           FROM day AS d
           LEFT JOIN polled AS p ON p.account_id = d.account_id AND p.day_ms = d.day_ms
          WHERE d.day_ms + 86400000 > d.first_ms
     )
SELECT account,
       day_ms,
       strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS day,
       max(ok, to_ms / interval_ms - (from_ms - 1) / interval_ms
               + (starts AND from_ms % interval_ms > 0)) AS expected,
       ok,
       failed,
       round(ok * 1e6 / max(1, ok, to_ms / interval_ms - (from_ms - 1) / interval_ms
                               + (starts AND from_ms % interval_ms > 0))) / 1e6 AS share
  FROM counted;
