-- Where the parts of a leg's trips that are kept end: what of it is later than from_ms is in none, of income that which is later
-- than settled_ms, when the last part of any leg of the account's contract was. The trip that it stands in is the next after `trips`.
CREATE VIEW trip_base AS
SELECT leg_id,
       account_id,
       contract_id,
       coalesce(settled_ms, -9000000000000000) AS settled_ms,
       iif(amount_e8 IS NULL, -9000000000000000, settled_ms) AS from_ms,
       amount_e8 IS NOT NULL AS is_kept,
       coalesce(amount_e8, 0) AS amount_e8,
       coalesce(trip - (amount_e8 <> 0), 0) AS trips,
       coalesce(number, 0) AS parts
  FROM (SELECT l.leg_id,
               l.account_id,
               l.contract_id,
               k.trip,
               k.number,
               k.after_e8 AS amount_e8,
               max(k.time_ms) OVER (PARTITION BY l.account_id, l.contract_id) AS settled_ms
          FROM leg AS l
          LEFT JOIN trip_part_kept AS k
            ON k.leg_id = l.leg_id
           AND (k.trip, k.number) = (SELECT x.trip, x.number
                                       FROM trip_part_kept AS x
                                      WHERE x.leg_id = l.leg_id
                                      ORDER BY x.trip DESC, x.number DESC LIMIT 1));
