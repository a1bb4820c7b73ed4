-- Where two good polls are over 1.5 intervals apart, and how many are missing between them.
CREATE VIEW gap AS
SELECT account, from_ms,
       to_char(to_timestamp(from_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS from_time,
       to_ms,
       to_char(to_timestamp(to_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS to_time,
       greatest(1, (to_ms - from_ms + interval_ms / 2) / interval_ms - 1) AS missed
  FROM (SELECT a.name AS account, s.received_ms AS from_ms, lead(s.received_ms) OVER w AS to_ms,
               nullif(least(s.interval_ms, lead(s.interval_ms) OVER w), 0) AS interval_ms
          FROM account AS a
          JOIN capture AS s ON s.account_id = a.account_id AND s.endpoint = 'positionRisk' AND s.outcome = 'ok'
        WINDOW w AS (PARTITION BY s.account_id ORDER BY s.received_ms)) AS pair
 WHERE to_ms - from_ms > interval_ms * 1.5;
