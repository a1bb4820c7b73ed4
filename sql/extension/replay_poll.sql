-- The last good poll of an account at a time.
SELECT s.received_ms
  FROM capture_read AS s
 WHERE s.account_id = :account_id
   AND s.endpoint = 'positionRisk'
   AND s.outcome = 'ok'
   AND s.received_ms <= :at_ms
 ORDER BY s.received_ms DESC
 LIMIT 1;
