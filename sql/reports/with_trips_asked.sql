-- The parts of the round trips that a report is about, in the place of all, for round_trip to be made of. After with_trips and
-- with_range.
, trip_part AS MATERIALIZED (
    SELECT p.*
      FROM temp.trip_part AS p
     WHERE (p.leg_id, p.trip) IN (
            SELECT t.leg_id, t.trip
              FROM (SELECT leg_id,
                           trip,
                           min(iif(is_first, time_ms, NULL)) AS opened_ms,
                           max(iif(is_last, time_ms, NULL)) AS closed_ms
                      FROM temp.trip_part
                     GROUP BY leg_id, trip) AS t
             CROSS JOIN leg AS l ON l.leg_id = t.leg_id
             CROSS JOIN account AS n ON n.account_id = l.account_id
             CROSS JOIN contract AS c ON c.contract_id = l.contract_id
             CROSS JOIN asked AS a ON a.account = n.name
             WHERE iif(t.closed_ms IS NULL, coalesce(t.opened_ms < a.to_ms, 1),
                       t.closed_ms >= a.from_ms AND t.closed_ms < a.to_ms)
               AND (:symbol IS NULL OR c.symbol = :symbol)
               AND (:side IS NULL OR l.position_side = :side))
)
