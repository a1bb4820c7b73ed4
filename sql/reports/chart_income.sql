-- What :account's positions earned and paid since :from_ms, added up in USD by kind, to draw. After with_earning_charted and
-- with_income.
SELECT until_ms,
       sum(iif(income_type = 'REALIZED_PNL', usd_e8, 0)) OVER passed / 1e8 AS realized,
       sum(iif(income_type = 'FUNDING_FEE', usd_e8, 0)) OVER passed / 1e8 AS funding,
       sum(iif(income_type = 'COMMISSION', usd_e8, 0)) OVER passed / 1e8 AS commission,
       sum(iif(income_type IN ('REALIZED_PNL', 'FUNDING_FEE', 'COMMISSION'), 0, usd_e8)) OVER passed / 1e8 AS other,
       sum(usd_e8) OVER passed / 1e8 AS total
  FROM earned
 WHERE income_type NOT LIKE '%TRANSFER%' AND income_type NOT LIKE 'COIN_SWAP%'
WINDOW passed AS (ORDER BY until_ms)
 ORDER BY until_ms;
