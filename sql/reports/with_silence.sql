-- `silence`: the parts of the range asked for that the record cannot speak of (view `known`), by account and kind. Without
-- bounds the range is the kind's history; what goes on is not silent before one and a half of its interval have passed.
-- After with_polls, with_balances or with_money.
, span AS MATERIALIZED (
    SELECT k.account, a.account_id, k.kind, k.from_ms, k.to_ms
      FROM known AS k
      JOIN account AS a ON a.name = k.account
     WHERE k.kind <> 'trades' AND (:account IS NULL OR k.account = :account)
),
bound AS MATERIALIZED (
    SELECT account,
           account_id,
           kind,
           coalesce(:from_ms, min(from_ms)) AS from_ms,
           min(coalesce(:to_ms, max(to_ms)), max(:now_ms, max(to_ms))) AS to_ms,
           min(from_ms) AS first_ms,
           max(to_ms) AS last_ms,
           max(to_ms)
               + coalesce((SELECT i.interval_ms * 3 / 2
                             FROM interval_stated AS i
                            WHERE i.account_id = span.account_id
                              AND i.endpoint IN (CASE kind
                                                     WHEN 'account' THEN 'account'
                                                     WHEN 'income' THEN 'income'
                                                     WHEN 'prices' THEN 'premiumIndex'
                                                     ELSE 'positionRisk'
                                                 END, iif(kind = 'prices', 'assetIndex', NULL))), 0) AS until_ms
      FROM span
     GROUP BY account, account_id, kind
),
-- ended_ms and begun_ms: where the silence begins and ends, whatever was asked for; NULL where it does not.
silence (account, account_id, kind, from_ms, to_ms, ended_ms, begun_ms) AS MATERIALIZED (
    SELECT o.account, o.account_id, o.kind, max(e.ended_ms, o.from_ms), min(e.begun_ms, o.to_ms), e.ended_ms, e.begun_ms
      FROM (SELECT account_id,
                   kind,
                   to_ms AS ended_ms,
                   lead(from_ms) OVER (PARTITION BY account_id, kind ORDER BY from_ms) AS begun_ms
              FROM span) AS e
      JOIN bound AS o ON o.account_id = e.account_id AND o.kind = e.kind
     WHERE e.begun_ms > e.ended_ms AND e.ended_ms < o.to_ms AND e.begun_ms > o.from_ms
    UNION ALL
    SELECT account, account_id, kind, from_ms, min(first_ms, to_ms), NULL, first_ms
      FROM bound
     WHERE from_ms < first_ms AND from_ms < to_ms
    UNION ALL
    SELECT account, account_id, kind, max(last_ms, from_ms), to_ms, last_ms, NULL
      FROM bound
     WHERE to_ms > until_ms AND from_ms < to_ms
)
