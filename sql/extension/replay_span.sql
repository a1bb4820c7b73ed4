-- Of which times an account's polls speak, in their order, and the interval in force.
SELECT k.from_ms,
       k.to_ms,
       (SELECT i.interval_ms
          FROM interval_stated AS i
         WHERE i.account_id = :account_id AND i.endpoint = 'positionRisk') AS interval_ms
  FROM (SELECT from_ms, to_ms
          FROM known_span
         WHERE account_id = :account_id AND kind = 'polls' AND symbol = ''
        UNION ALL
        SELECT from_ms, to_ms FROM known_running WHERE account_id = :account_id AND kind = 'polls') AS k
 ORDER BY k.to_ms;
