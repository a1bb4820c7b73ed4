-- Begins the charts of long ranges: one leg's hours, of which those are drawn as they were summed up that are whole
-- (within the range, open all the time, without a gap; of more than 60 days all within it: an hour is too short to be seen), and the `rest` valuation by valuation, with the hour that runs.
-- Hours are read twice in place: their rows are wide, and a copy of them costs more; for the rest of a long range those at
-- its ends alone.
WITH hour AS NOT MATERIALIZED (
    SELECT *,
           first_ms >= :from_ms
               AND last_ms < :to_ms
               AND (:to_ms - :from_ms > 5184000000
                    OR (initial_margin_min_e8 > 0
                        AND NOT EXISTS (SELECT 1
                                          FROM account AS a
                                         CROSS JOIN poll_hour AS p ON p.account_id = a.account_id
                                         WHERE a.name = :account AND p.hour_ms = h.hour_ms AND p.gaps > 0))) AS is_whole
      FROM hour_kept AS h
     WHERE account = :account
       AND symbol = :symbol
       AND position_side = :side
),
rest AS (
    SELECT v.*
      FROM (SELECT max(h.first_ms, :from_ms) AS from_ms, min(h.last_ms + 1, :to_ms) AS to_ms
              FROM (SELECT :from_ms - 3600000 AS from_ms, iif(:to_ms - :from_ms > 5184000000, :from_ms, :to_ms) AS to_ms
                     UNION ALL
                    SELECT :to_ms - 3600000, :to_ms WHERE :to_ms - :from_ms > 5184000000) AS e
             CROSS JOIN hour AS h ON h.hour_ms >= e.from_ms AND h.hour_ms < e.to_ms
             WHERE NOT coalesce(h.is_whole, 0)
             UNION ALL
            SELECT max(:from_ms, coalesce((SELECT hour_ms + 3600000
                                             FROM hour
                                            WHERE hour_ms >= :from_ms - 3600000 AND hour_ms < :to_ms
                                            ORDER BY hour_ms DESC LIMIT 1), :from_ms)), :to_ms) AS h
     CROSS JOIN valuation_history AS v
        ON v.account = :account
       AND v.symbol = :symbol
       AND v.position_side = :side
       AND v.time_ms >= h.from_ms
       AND v.time_ms < h.to_ms
)
