-- The beginning of each leg, in the place of what its changes are judged by: until the first poll that has it, or, where none
-- has, the first that the stream told. After with_change_legs.
, begun AS MATERIALIZED (
    SELECT l.leg_id,
           l.account_id,
           coalesce((SELECT max(q.update_ms, (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = q.capture_id))
                       FROM position AS q
                      WHERE q.leg_id = l.leg_id
                      ORDER BY q.capture_id LIMIT 1),
                    (SELECT min(u.transaction_ms) FROM position_update AS u WHERE u.leg_id = l.leg_id)) AS until_ms,
           0 AS from_ms
      FROM leg_named AS l
)
