-- Where two good polls are over one and a half of the interval in force apart, and how many are missing between them.
CREATE VIEW gap AS
SELECT a.name AS account,
       k.to_ms AS from_ms,
       to_char(to_timestamp(k.to_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS from_time,
       s.received_ms AS to_ms,
       to_char(to_timestamp(s.received_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS to_time,
       greatest(1, (s.received_ms - k.to_ms + k.interval_ms / 2) / k.interval_ms - 1) AS missed
  FROM account AS a
  JOIN known_span AS k ON k.account_id = a.account_id AND k.kind = 'polls'
  JOIN capture AS s ON s.account_id = k.account_id AND s.capture_id = k.capture_id;
