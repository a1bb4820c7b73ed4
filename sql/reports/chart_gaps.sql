-- The holes in :account's history between :from_ms and :to_ms.
SELECT from_ms, to_ms
  FROM (SELECT lag(received_ms) OVER (ORDER BY received_ms) AS from_ms,
               received_ms AS to_ms,
               interval_ms
          FROM poll_log
         WHERE account = :account
           AND endpoint = 'positionRisk'
           AND outcome = 'ok'
           AND received_ms BETWEEN :from_ms AND :to_ms)
 WHERE to_ms - from_ms > interval_ms * 1.5
 ORDER BY from_ms;
