-- `earned`: what changed the wallets in the ranges of `earning`, after one of its kinds. Of a day that lies in one step and is
-- summed up its sums, from `time_ms` to `until_ms`, of all else each row. `position_side` is the leg's that it is counted
-- at, '' where there is none.
, day_kept AS MATERIALIZED (
    SELECT a.account, d.account_id, d.day_ms
      FROM earning AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN income_day AS d
        ON d.account_id = n.account_id AND d.day_ms >= a.from_ms AND d.day_ms <= a.to_ms - 86400000
     WHERE a.in_days
       AND d.income_type = ''
       AND step_begin(d.day_ms, :every_ms, :every_months) IS step_begin(d.day_ms + 86399999, :every_ms, :every_months)
),
-- Between them.
day_open (account, from_ms, to_ms) AS MATERIALIZED (
    SELECT account, from_ms, to_ms
      FROM (SELECT account, lag(end_ms) OVER (PARTITION BY account ORDER BY end_ms) AS from_ms, begin_ms AS to_ms
              FROM (SELECT account, NULL AS begin_ms, from_ms AS end_ms FROM earning
                     UNION ALL
                    SELECT account, day_ms, day_ms + 86400000 FROM day_kept
                     UNION ALL
                    SELECT account, to_ms, 9223372036854775807 FROM earning))
     WHERE from_ms < to_ms
),
earned (account, time_ms, until_ms, income_type, symbol, asset, position_side, count, income_e8, usd_e8, unpriced) AS (
    SELECT k.account, d.day_ms, d.day_ms + 86399999, d.income_type, d.symbol, d.asset, d.position_side, d.count, d.income_e8,
           d.usd_e8, d.unpriced
      FROM day_kept AS k
     CROSS JOIN income_day AS d ON d.account_id = k.account_id AND d.day_ms = k.day_ms AND d.income_type > ''
     WHERE :symbol IS NULL OR d.symbol = :symbol
    UNION ALL
    SELECT r.account,
           r.time_ms,
           r.time_ms,
           r.income_type,
           r.symbol,
           r.asset,
           coalesce(r.position_side,
                    iif(r.income_type LIKE '%TRANSFER%' OR r.income_type LIKE 'COIN_SWAP%', NULL,
--include side_open
                    ), ''),
           1,
           CAST(round(r.income * 1e8) AS INTEGER),
           CAST(round(r.income_usd * 1e8) AS INTEGER),
           r.income_usd IS NULL
      FROM day_open AS o
     CROSS JOIN income_history AS r ON r.account = o.account AND r.time_ms >= o.from_ms AND r.time_ms < o.to_ms
     WHERE :symbol IS NULL OR r.symbol = :symbol
)
