-- One asset's margin balance in USD to draw, of the last answer of each of 150 slices of the range; NULL where no price is
-- known.
WITH RECURSIVE slice (until_ms) AS (
    SELECT :from_ms + (:to_ms - :from_ms) / 150 + 1
    UNION ALL
    SELECT until_ms + (:to_ms - :from_ms) / 150 + 1 FROM slice WHERE until_ms < :to_ms
),
last AS (
    SELECT DISTINCT (SELECT max(b.time_ms)
                       FROM account AS a
                      CROSS JOIN balance AS b
                         ON b.account_id = a.account_id
                        AND b.asset = :symbol
                        AND b.time_ms >= :from_ms
                        AND b.time_ms < min(o.until_ms, :to_ms)
                      WHERE a.name = :account) AS time_ms
      FROM slice AS o
)
SELECT e.time_ms, e.margin_balance_usd AS value
  FROM last AS l
 CROSS JOIN equity_history AS e ON e.account = :account AND e.asset = :symbol AND e.time_ms = l.time_ms
 ORDER BY e.time_ms;
