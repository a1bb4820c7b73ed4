-- Of each `day` of an account, the income of each type, symbol, asset and leg, in the columns of income_day: of what names no
-- trade, the leg that leg_income counts it at. Moving coins is of no leg. `unpriced`: of how many no price was known.
SELECT account_id,
       day_ms,
       income_type,
       symbol,
       asset,
       position_side,
       count(*) AS count,
       sum(income_e8) AS income_e8,
       sum(usd_e8) AS usd_e8,
       sum(usd_e8 IS NULL) AS unpriced
  FROM (SELECT d.account_id,
               d.day_ms,
               r.income_type,
               r.symbol,
               r.asset,
               coalesce(r.position_side,
                        iif(r.income_type LIKE '%TRANSFER%' OR r.income_type LIKE 'COIN_SWAP%', NULL,
--include side_open
                        ), '') AS position_side,
               CAST(round(r.income * 1e8) AS INTEGER) AS income_e8,
               CAST(round(r.income_usd * 1e8) AS INTEGER) AS usd_e8
          FROM day AS d
         CROSS JOIN account AS o ON o.account_id = d.account_id
         CROSS JOIN income_history AS r
            ON r.account = o.name AND r.time_ms >= d.day_ms AND r.time_ms < d.day_ms + 86400000)
 GROUP BY 1, 2, 3, 4, 5, 6
 UNION ALL
SELECT d.account_id,
       d.day_ms,
       '',
       '',
       '',
       '',
       (SELECT count(*)
          FROM income_told AS r
         WHERE r.account = (SELECT name FROM account WHERE account_id = d.account_id)
           AND r.time_ms >= d.day_ms
           AND r.time_ms < d.day_ms + 86400000),
       NULL,
       NULL,
       0
  FROM day AS d
