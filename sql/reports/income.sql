-- What changed the wallets in the range, by kind, symbol and step: the sums of each, from `time` up to `until`. In USD
-- at the mark prices known then; NULL where for one of them none was. `covered`: which share of that time the record can
-- speak of. After with_money, with_range, with_silence, with_earning and with_income.
-- `begin_ms` and `end_ms`: those of the step, in the range.
, summed AS MATERIALIZED (
    SELECT a.account,
           a.from_ms,
           max(coalesce(:from_ms, a.from_ms), coalesce(step_begin(h.time_ms, :every_ms, :every_months), 0)) AS begin_ms,
           min(a.to_ms, coalesce(step_end(h.time_ms, :every_ms, :every_months), a.to_ms)) AS end_ms,
           h.income_type,
           h.symbol,
           h.asset,
           sum(h.count) AS count,
           sum(h.income_e8) / 1e8 AS income,
           iif(sum(h.unpriced) = 0, sum(h.usd_e8) / 1e8, NULL) AS income_usd
      FROM earned AS h
     CROSS JOIN asked AS a ON a.account = h.account
     GROUP BY a.account, step_begin(h.time_ms, :every_ms, :every_months), h.income_type, h.symbol, h.asset
),
step AS MATERIALIZED (
    SELECT e.account,
           e.begin_ms,
           round((1 - total(min(g.to_ms, e.end_ms) - max(g.from_ms, e.begin_ms)) / (e.end_ms - e.begin_ms)) * 1e6) / 1e6
               AS covered
      FROM (SELECT DISTINCT account, begin_ms, end_ms FROM summed) AS e
      LEFT JOIN silence AS g
        ON g.account = e.account AND g.kind = 'income' AND g.from_ms < e.end_ms AND g.to_ms > e.begin_ms
     GROUP BY e.account, e.begin_ms
)
SELECT h.account,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(h.from_ms, h.begin_ms) / 1000.0, 'unixepoch') AS time,
       strftime('%Y-%m-%dT%H:%M:%fZ', h.end_ms / 1000.0, 'unixepoch') AS until,
       h.income_type,
       h.symbol,
       h.asset,
       h.count,
       h.income,
       h.income_usd,
       t.covered
  FROM summed AS h
 CROSS JOIN step AS t ON t.account = h.account AND t.begin_ms = h.begin_ms
 ORDER BY h.account, 2, h.income_type, h.symbol, h.asset
