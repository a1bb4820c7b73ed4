-- The same for round trips, which polls and trades tell of.
WITH RECURSIVE
history AS NOT MATERIALIZED (
    SELECT account, min(from_ms) AS from_ms, max(to_ms) AS to_ms
      FROM (SELECT account, from_ms, to_ms FROM account_range
             UNION ALL
            SELECT account, from_ms, to_ms FROM money_range)
     WHERE from_ms IS NOT NULL
     GROUP BY account
)
