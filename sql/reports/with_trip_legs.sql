-- The legs that a report of round trips is about.
WITH leg AS MATERIALIZED (
    SELECT l.*
      FROM account AS a
     CROSS JOIN main.leg AS l ON l.account_id = a.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     WHERE (:account IS NULL OR a.name = :account)
       AND (:symbol IS NULL OR c.symbol = :symbol)
)
