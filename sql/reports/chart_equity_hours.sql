-- What chart_equity gives, of the last answer of each hour.
SELECT e.time_ms, e.margin_balance_usd AS value, NULL AS last_ms
  FROM (SELECT max(time_ms) AS time_ms
          FROM balance_history
         WHERE account = :account
           AND asset = :symbol
           AND time_ms >= :from_ms
           AND time_ms < :to_ms
         GROUP BY time_ms - time_ms % 3600000) AS h
 CROSS JOIN equity_history AS e ON e.account = :account AND e.asset = :symbol AND e.time_ms = h.time_ms
 ORDER BY e.time_ms;
