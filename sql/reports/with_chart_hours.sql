-- Begins the charts of long ranges: one leg's hours, of which those are drawn as they were summed up that are whole
-- (within the range, open all the time, without a gap), and the `rest` valuation by valuation.
WITH hour AS MATERIALIZED (
    SELECT *,
           max(first_ms, :from_ms) AS from_ms,
           min(last_ms, :to_ms) AS to_ms,
           initial_margin_min_e8 > 0
               AND first_ms >= :from_ms
               AND last_ms <= :to_ms
               AND hour_ms NOT IN (SELECT to_ms - to_ms % 3600000 FROM gap WHERE account = :account) AS is_whole
      FROM hour_known
     WHERE account = :account
       AND symbol = :symbol
       AND position_side = :side
       AND hour_ms BETWEEN :from_ms - 3600000 AND :to_ms
),
rest AS (
    SELECT v.*
      FROM hour AS h
     CROSS JOIN valuation_history AS v
        ON v.account = h.account
       AND v.symbol = h.symbol
       AND v.position_side = h.position_side
       AND v.time_ms BETWEEN h.from_ms AND h.to_ms
     WHERE NOT coalesce(h.is_whole, 0)
)
