-- What income is added up of, after with_page and with_range: it counts since there are prices.
, earning (account, from_ms, to_ms, in_days) AS MATERIALIZED (
    SELECT a.account, max(a.from_ms, min(r.from_ms)), a.to_ms, 1
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     GROUP BY a.account
)
