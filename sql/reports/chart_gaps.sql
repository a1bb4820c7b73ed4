-- The holes in :account's history from :from_ms to :to_ms.
SELECT max(from_ms, :from_ms) AS from_ms, min(to_ms, :to_ms) AS to_ms
  FROM gap
 WHERE account = :account
   AND from_ms >= coalesce((SELECT max(received_ms)
                              FROM poll_log
                             WHERE account = :account
                               AND outcome = 'ok'
                               AND received_ms <= :from_ms), :from_ms)
   AND from_ms < :to_ms
 ORDER BY from_ms;
