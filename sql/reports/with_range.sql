-- `asked`, the range that a report is about, [from_ms, to_ms): for each account, cut to its `history`, whose last
-- moment is in it, and to what is past at :now_ms.
-- After with_polls, with_balances or with_money.
, asked (account, from_ms, to_ms) AS MATERIALIZED (
    SELECT account,
           max(coalesce(:from_ms, from_ms), from_ms),
           min(coalesce(:to_ms, to_ms + 1), max(:now_ms, to_ms + 1))
      FROM history
     WHERE (:account IS NULL OR account = :account)
       AND from_ms < coalesce(:to_ms, to_ms + 1)
       AND to_ms >= coalesce(:from_ms, from_ms)
)
