-- The USD notional of :account over all margin assets, to draw: as the range begins, and after each change of a
-- position or of a contract's size within it. Between those it stands still, but for linear contracts, which move with their
-- mark: of those as each hour begins too. What has no price is not in it.
WITH poll AS MATERIALIZED (
    SELECT (SELECT capture_id
              FROM poll_log
             WHERE account = :account AND received_ms < :from_ms
             ORDER BY received_ms DESC LIMIT 1) AS before,
           (SELECT capture_id
              FROM poll_log
             WHERE account = :account AND received_ms < :to_ms
             ORDER BY received_ms DESC LIMIT 1) AS last
),
-- What each leg held, in each term of its contract: from `begun_ms` to `ended_ms`.
held AS MATERIALIZED (
    SELECT r.leg_id,
           t.is_linear,
           t.contract_size_e8,
           t.from_ms AS begun_ms,
           t.to_ms AS ended_ms,
           s.received_ms AS from_ms,
           lead(s.received_ms, 1, 9e18) OVER (PARTITION BY r.leg_id, t.from_ms ORDER BY s.received_ms) AS to_ms,
           coalesce(h.position_amount_e8 / 1e8, 0) AS amount
      FROM poll AS o
     CROSS JOIN leg_range AS r
     CROSS JOIN leg_term AS t ON t.leg_id = r.leg_id
     CROSS JOIN position AS h
        ON h.leg_id = r.leg_id
       AND h.capture_id >= coalesce((SELECT max(b.capture_id)
                                       FROM position AS b
                                      WHERE b.leg_id = r.leg_id AND b.capture_id <= o.before), 0)
       AND h.capture_id <= o.last
     CROSS JOIN capture AS s ON s.capture_id = h.capture_id AND s.endpoint = 'positionRisk'
     WHERE r.account = :account
       AND (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
),
valued AS (
    SELECT leg_id,
           max(from_ms, begun_ms) AS time_ms,
           round(contract_size_e8 * max(amount, 0)) AS long_e8,
           round(contract_size_e8 * max(-amount, 0)) AS short_e8
      FROM held
     WHERE NOT is_linear
       AND ended_ms > from_ms
       AND begun_ms < min(to_ms, :to_ms)
       AND contract_size_e8 IS NOT NULL
    UNION ALL
    SELECT w.leg_id, w.time_ms, max(v.notional_usd_e8, 0), max(-v.notional_usd_e8, 0)
      FROM (SELECT leg_id, from_ms AS time_ms
              FROM held
             WHERE is_linear AND from_ms < :to_ms AND begun_ms <= from_ms AND ended_ms > from_ms
             UNION
            SELECT h.leg_id, k.first_ms
              FROM held AS h
             CROSS JOIN leg_hour AS k
                ON k.leg_id = h.leg_id
               AND k.hour_ms >= max(h.from_ms, :from_ms)
               AND k.hour_ms < min(h.to_ms, :to_ms)
             WHERE h.is_linear AND h.amount <> 0 AND k.first_ms < :to_ms
               AND h.begun_ms <= k.first_ms AND h.ended_ms > k.first_ms) AS w
     CROSS JOIN leg_range AS r ON r.leg_id = w.leg_id
     CROSS JOIN valuation_history AS v
        ON (v.account, v.symbol, v.position_side) = (r.account, r.symbol, r.position_side) AND v.time_ms = w.time_ms
     WHERE v.notional_usd_e8 IS NOT NULL
),
moved AS (
    SELECT time_ms,
           long_e8 - lag(long_e8, 1, 0) OVER leg AS long_e8,
           short_e8 - lag(short_e8, 1, 0) OVER leg AS short_e8
      FROM valued
    WINDOW leg AS (PARTITION BY leg_id ORDER BY time_ms)
)
SELECT time_ms,
       sum(long_e8) OVER passed / 1e8 AS long_usd,
       sum(short_e8) OVER passed / 1e8 AS short_usd,
       sum(long_e8) OVER passed / 1e8 - sum(short_e8) OVER passed / 1e8 AS net_usd,
       sum(long_e8) OVER passed / 1e8 + sum(short_e8) OVER passed / 1e8 AS gross_usd
  FROM (SELECT max(time_ms, :from_ms) AS time_ms, sum(long_e8) AS long_e8, sum(short_e8) AS short_e8
          FROM moved
         GROUP BY 1)
WINDOW passed AS (ORDER BY time_ms ROWS UNBOUNDED PRECEDING)
 ORDER BY time_ms;
