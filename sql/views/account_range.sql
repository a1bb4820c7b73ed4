-- Every account, and from when to when it was recorded: polled, or listened to.
CREATE VIEW account_range AS
SELECT account,
       product,
       coalesce(min(poll_from_ms, stream_from_ms), poll_from_ms, stream_from_ms) AS from_ms,
       coalesce(max(poll_to_ms, stream_to_ms), poll_to_ms, stream_to_ms) AS to_ms
  FROM (SELECT a.name AS account,
               a.product,
               (SELECT min(received_ms)
                  FROM capture
                 WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS poll_from_ms,
               (SELECT max(received_ms)
                  FROM capture
                 WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS poll_to_ms,
               (SELECT min(received_ms)
                  FROM capture
                 WHERE account_id = a.account_id AND endpoint = 'userData') AS stream_from_ms,
               (SELECT max(received_ms)
                  FROM capture
                 WHERE account_id = a.account_id AND endpoint = 'userData') AS stream_to_ms
          FROM account AS a);
