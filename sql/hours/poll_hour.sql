-- An account's polls of the hours from :hour_ms to :until_ms that captures before :capture_id made, in the columns of
-- poll_hour: how many were good, how many failed, and the gaps that end in each.
SELECT h.account_id,
       h.hour_ms,
       h.ok,
       h.failed,
       (SELECT count(*)
          FROM known_span AS k
         CROSS JOIN capture AS e ON e.capture_id = k.capture_id
         WHERE k.account_id = h.account_id
           AND k.kind = 'polls'
           AND k.symbol = ''
           AND k.to_ms >= coalesce((SELECT max(g.received_ms)
                                      FROM capture_read AS g
                                     WHERE g.account_id = h.account_id
                                       AND g.endpoint = 'positionRisk'
                                       AND g.outcome = 'ok'
                                       AND g.received_ms < h.hour_ms), h.hour_ms)
           AND k.to_ms < h.hour_ms + 3600000
           AND k.capture_id < :capture_id
           AND e.received_ms BETWEEN h.hour_ms AND h.hour_ms + 3599999)
  FROM (SELECT a.account_id,
               s.received_ms / 3600000 * 3600000 AS hour_ms,
               sum(s.outcome = 'ok') AS ok,
               sum(s.outcome <> 'ok') AS failed
          FROM account AS a
         CROSS JOIN capture_read AS s
            ON s.account_id = a.account_id
           AND s.endpoint = 'positionRisk'
           AND s.received_ms >= :hour_ms
           AND s.received_ms < :until_ms
           AND +s.capture_id < :capture_id
         WHERE a.name = :account
         GROUP BY 2) AS h;
