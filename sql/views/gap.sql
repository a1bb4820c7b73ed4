-- Where an account's history has a hole: two good polls that are more than one and a half intervals
-- apart. `missed` is how many polls would have fitted between them. Polls without an interval (by hand,
-- or imported without one) are not judged.
CREATE VIEW gap AS
SELECT g.account,
       g.from_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', g.from_ms / 1000.0, 'unixepoch') AS from_time,
       g.to_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', g.to_ms / 1000.0, 'unixepoch') AS to_time,
       max(1, (g.to_ms - g.from_ms + g.interval_ms / 2) / g.interval_ms - 1) AS missed
  FROM (SELECT a.name AS account,
               lag(s.received_ms) OVER (PARTITION BY s.account_id ORDER BY s.received_ms) AS from_ms,
               s.received_ms AS to_ms,
               s.interval_ms
          FROM account AS a
          JOIN poll AS s ON s.account_id = a.account_id
         WHERE s.endpoint = 'positionRisk'
           AND s.outcome = 'ok') AS g
 WHERE g.to_ms - g.from_ms > g.interval_ms * 1.5;
