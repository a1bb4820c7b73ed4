-- The parts of the round trips that a report is about, in the place of all, for trip_part to be made of. After with_trips and
-- with_range.
, ended (leg_id, trip, closed_ms) AS (
    SELECT leg_id, trip, time_ms
      FROM main.trip_part_kept
     WHERE is_last
       AND time_ms >= (SELECT min(from_ms) FROM asked)
       AND time_ms < (SELECT max(to_ms) FROM asked)
    UNION ALL
    SELECT leg_id, trip, max(closed_ms)
      FROM (SELECT leg_id, trip, iif(is_last, time_ms, NULL) AS closed_ms FROM temp.trip_part_since
             UNION ALL
            SELECT leg_id, trips + 1, NULL FROM temp.trip_base WHERE amount_e8 <> 0)
     GROUP BY leg_id, trip
),
of_range AS MATERIALIZED (
    SELECT t.leg_id, t.trip
      FROM ended AS t
     CROSS JOIN leg AS l ON l.leg_id = t.leg_id
     CROSS JOIN account AS n ON n.account_id = l.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     CROSS JOIN asked AS a ON a.account = n.name
     WHERE iif(t.closed_ms IS NULL,
               coalesce(coalesce((SELECT k.time_ms
                                    FROM main.trip_part_kept AS k
                                   WHERE k.leg_id = t.leg_id AND k.trip = t.trip AND k.is_first),
                                 (SELECT s.time_ms
                                    FROM temp.trip_part_since AS s
                                   WHERE s.leg_id = t.leg_id AND s.trip = t.trip AND s.is_first))
                        < a.to_ms, 1),
               t.closed_ms >= a.from_ms AND t.closed_ms < a.to_ms)
       AND (:symbol IS NULL OR c.symbol = :symbol)
       AND (:side IS NULL OR l.position_side = :side)
),
trip_part_kept AS (
    SELECT k.* FROM of_range AS t CROSS JOIN main.trip_part_kept AS k ON k.leg_id = t.leg_id AND k.trip = t.trip
),
trip_part_since AS (
    SELECT s.* FROM of_range AS t CROSS JOIN temp.trip_part_since AS s ON s.leg_id = t.leg_id AND s.trip = t.trip
)
