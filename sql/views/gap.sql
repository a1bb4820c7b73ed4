-- Where an account's history has a hole (poll_pair says what that is), and how many polls would have
-- fitted into it.
CREATE VIEW gap AS
SELECT account,
       from_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', from_ms / 1000.0, 'unixepoch') AS from_time,
       to_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', to_ms / 1000.0, 'unixepoch') AS to_time,
       missed
  FROM poll_pair
 WHERE is_gap;
