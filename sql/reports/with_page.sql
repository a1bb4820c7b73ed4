-- The same for what the page begins with: from an account's first poll to the last that is known of it, money too.
WITH RECURSIVE
history AS NOT MATERIALIZED (
    SELECT p.account, p.from_ms, max(p.to_ms, coalesce(m.to_ms, 0)) AS to_ms
      FROM account_range AS p
      LEFT JOIN money_range AS m ON m.account = p.account
)
