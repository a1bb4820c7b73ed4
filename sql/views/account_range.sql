-- Every account, and from when to when it has polls.
CREATE VIEW account_range AS
SELECT a.name AS account,
       a.product,
       (SELECT min(received_ms) FROM poll WHERE account_id = a.account_id) AS from_ms,
       (SELECT max(received_ms) FROM poll WHERE account_id = a.account_id) AS to_ms
  FROM account AS a;
