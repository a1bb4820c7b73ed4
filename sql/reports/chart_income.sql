-- What :account's positions earned and paid since :from_ms, added up in USD by kind, to draw.
SELECT time_ms,
       sum(iif(kind = 'realized', income_usd, 0)) OVER passed AS realized,
       sum(iif(kind = 'funding', income_usd, 0)) OVER passed AS funding,
       sum(iif(kind = 'commission', income_usd, 0)) OVER passed AS commission,
       sum(iif(kind = 'other', income_usd, 0)) OVER passed AS other,
       sum(income_usd) OVER passed AS total
  FROM leg_income
 WHERE account = :account
   AND (:symbol IS NULL OR symbol = :symbol)
   AND time_ms BETWEEN :from_ms AND :to_ms
WINDOW passed AS (ORDER BY time_ms)
 ORDER BY time_ms;
