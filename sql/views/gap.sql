-- Where an account's history has a hole: two good polls that follow one another are more than one and a half of the
-- interval in force apart (known_span). `missed`: how many polls would have fitted into it.
CREATE VIEW gap AS
SELECT a.name AS account,
       k.to_ms AS from_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.to_ms / 1000.0, 'unixepoch') AS from_time,
       s.received_ms AS to_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.received_ms / 1000.0, 'unixepoch') AS to_time,
       max(1, (s.received_ms - k.to_ms + k.interval_ms / 2) / k.interval_ms - 1) AS missed
  FROM account AS a
 CROSS JOIN known_span AS k
    ON k.account_id = a.account_id AND k.kind = 'polls' AND k.symbol = ''
 CROSS JOIN capture AS s ON s.capture_id = k.capture_id;
