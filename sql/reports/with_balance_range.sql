-- What reports about balances begin with: with_range's `asked`, over what is known of each account's balances.
WITH RECURSIVE
asked (account, from_ms, to_ms) AS MATERIALIZED (
    SELECT account,
           max(coalesce(:from_ms, from_ms), from_ms),
           min(coalesce(:to_ms, to_ms), max(:now_ms, to_ms))
      FROM (SELECT account, min(from_ms) AS from_ms, max(to_ms) AS to_ms FROM asset_range GROUP BY account)
     WHERE (:account IS NULL OR account = :account)
       AND from_ms <= coalesce(:to_ms, to_ms)
       AND to_ms >= coalesce(:from_ms, from_ms)
)
