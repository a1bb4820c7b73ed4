-- What reports about money begin with: with_range's `asked`, over what is known of each account's money.
WITH RECURSIVE
asked (account, from_ms, to_ms) AS MATERIALIZED (
    SELECT account,
           max(coalesce(:from_ms, from_ms), from_ms),
           min(coalesce(:to_ms, to_ms), max(:now_ms, to_ms))
      FROM money_range
     WHERE (:account IS NULL OR account = :account)
       AND from_ms <= coalesce(:to_ms, to_ms)
       AND to_ms >= coalesce(:from_ms, from_ms)
)
