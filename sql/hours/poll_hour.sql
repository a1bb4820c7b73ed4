-- An account's polls of the hours from :hour_ms to :until_ms that captures before :capture_id made, in the columns of
-- poll_hour: how many were good, how many failed, and the gaps that end in each.
SELECT h.account_id,
       h.hour_ms,
       h.ok,
       h.failed,
       (SELECT count(*)
          FROM poll_pair AS p
         WHERE p.account = :account
           AND p.from_ms >= coalesce((SELECT max(g.received_ms)
                                        FROM capture_read AS g
                                       WHERE g.account_id = h.account_id
                                         AND g.endpoint = 'positionRisk'
                                         AND g.outcome = 'ok'
                                         AND g.received_ms < h.hour_ms), h.hour_ms)
           AND p.from_ms < h.hour_ms + 3600000
           AND p.to_ms BETWEEN h.hour_ms AND h.hour_ms + 3599999
           AND p.is_gap)
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
