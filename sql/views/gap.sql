-- Where an account's history has a hole (poll_pair says what that is), and how many polls would have
-- fitted into it. Looked for only in hours in which a gap ends (table poll_hour), and in the one that runs: the +
-- keeps SQLite to the hours' bounds where a range is asked for.
CREATE VIEW gap AS
SELECT p.account,
       +p.from_ms AS from_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.from_ms / 1000.0, 'unixepoch') AS from_time,
       +p.to_ms AS to_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.to_ms / 1000.0, 'unixepoch') AS to_time,
       p.missed
  FROM (SELECT account_id, hour_ms AS from_ms, hour_ms + 3600000 AS until_ms FROM poll_hour WHERE gaps > 0
         UNION ALL
        SELECT account_id, from_ms, 9e18 FROM poll_running) AS h
 CROSS JOIN account AS a ON a.account_id = h.account_id
 CROSS JOIN poll_pair AS p
    ON p.account = a.name
   AND p.from_ms >= coalesce((SELECT max(s.received_ms)
                                FROM capture_read AS s
                               WHERE s.account_id = h.account_id
                                 AND s.endpoint = 'positionRisk'
                                 AND s.outcome = 'ok'
                                 AND s.received_ms < h.from_ms), h.from_ms)
   AND p.from_ms < h.until_ms
   AND p.to_ms >= h.from_ms
   AND p.to_ms < h.until_ms
 WHERE p.is_gap;
