-- The USD notional of :account over all margin assets, to draw: as the range begins, and after each change
-- within it. Between changes of a position it stands still.
SELECT max(time_ms, :from_ms) AS time_ms, long_usd, short_usd, long_usd - short_usd AS net_usd,
       long_usd + short_usd AS gross_usd
  FROM (SELECT time_ms,
               long_usd,
               short_usd,
               lead(time_ms) OVER (ORDER BY time_ms) AS next_ms
          FROM (SELECT DISTINCT
                       h.first_seen_ms AS time_ms,
                       sum(round(1e8 * r.contract_size * (max(coalesce(h.position_amount, 0), 0)
                                                          - max(coalesce(h.previous_position_amount, 0), 0))))
                           OVER (ORDER BY h.first_seen_ms) / 1e8 AS long_usd,
                       sum(round(1e8 * r.contract_size * (max(coalesce(-h.position_amount, 0), 0)
                                                          - max(coalesce(-h.previous_position_amount, 0), 0))))
                           OVER (ORDER BY h.first_seen_ms) / 1e8 AS short_usd
                  FROM leg_range AS r
                  JOIN position_change AS h
                    ON (h.account, h.symbol, h.position_side) = (r.account, r.symbol, r.position_side)
                 WHERE r.account = :account
                   AND (:symbol IS NULL OR r.symbol = :symbol)
                   AND (:side IS NULL OR r.position_side = :side)
                   AND h.first_seen_ms <= :to_ms))
 WHERE coalesce(next_ms, :to_ms) >= :from_ms
 ORDER BY time_ms;
