-- What :account's positions earned and paid since :from_ms, added up in USD by kind, to draw.
SELECT time_ms,
       sum(iif(kind = 'realized', usd_e8, 0)) OVER passed / 1e8 AS realized,
       sum(iif(kind = 'funding', usd_e8, 0)) OVER passed / 1e8 AS funding,
       sum(iif(kind = 'commission', usd_e8, 0)) OVER passed / 1e8 AS commission,
       sum(iif(kind = 'other', usd_e8, 0)) OVER passed / 1e8 AS other,
       sum(usd_e8) OVER passed / 1e8 AS total
  FROM (SELECT account,
               symbol,
               time_ms,
               CASE income_type
                   WHEN 'REALIZED_PNL' THEN 'realized'
                   WHEN 'FUNDING_FEE' THEN 'funding'
                   WHEN 'COMMISSION' THEN 'commission'
                   ELSE 'other'
               END AS kind,
               CAST(round(income_usd * 1e8) AS INTEGER) AS usd_e8
          FROM income_history
         WHERE income_type NOT LIKE '%TRANSFER%' AND income_type NOT LIKE 'COIN_SWAP%')
 WHERE account = :account
   AND (:symbol IS NULL OR symbol = :symbol)
   AND time_ms >= :from_ms
   AND time_ms < :to_ms
WINDOW passed AS (ORDER BY time_ms)
 ORDER BY time_ms;
