-- What reports over a range begin with (report/report.c puts this text in front of theirs).
-- `asked`: the range for each account, cut to its history and to what is past at :now_ms.
WITH RECURSIVE
asked (account, from_ms, to_ms) AS MATERIALIZED (
    SELECT account,
           max(coalesce(:from_ms, from_ms), from_ms),
           min(coalesce(:to_ms, to_ms), max(:now_ms, to_ms))
      FROM account_range
     WHERE (:account IS NULL OR account = :account)
       AND from_ms <= coalesce(:to_ms, to_ms)
       AND to_ms >= coalesce(:from_ms, from_ms)
)
