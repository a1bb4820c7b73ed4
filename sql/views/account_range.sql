-- Every account, and from when to when it was polled.
CREATE VIEW account_range AS
SELECT a.name AS account,
       a.product,
       (SELECT min(received_ms)
          FROM capture
         WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS from_ms,
       (SELECT max(received_ms)
          FROM capture
         WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS to_ms
  FROM account AS a;
