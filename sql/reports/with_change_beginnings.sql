-- The beginning of each leg, in the place of all of it: what is told of it until the first poll that has it, or, where none
-- has, as the first that the stream told. After with_change_legs.
, touched AS MATERIALIZED (
    SELECT l.leg_id,
           l.account_id,
           coalesce((SELECT max(q.update_ms, (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = q.capture_id))
                       FROM position AS q
                      WHERE q.leg_id = l.leg_id
                      ORDER BY q.capture_id LIMIT 1),
                    (SELECT min(u.transaction_ms) FROM position_update AS u WHERE u.leg_id = l.leg_id)) AS begin_ms
      FROM leg_named AS l
),
begun AS MATERIALIZED (
    SELECT t.*,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = t.account_id
               AND s.endpoint = 'positionRisk'
               AND s.received_ms <= t.begin_ms
               AND s.payload_id IS NOT NULL
             ORDER BY s.received_ms DESC LIMIT 1) AS begin_id
      FROM touched AS t
),
ledger_position AS NOT MATERIALIZED (
    SELECT q.*
      FROM begun AS b
     CROSS JOIN position AS q ON q.leg_id = b.leg_id AND q.update_ms <= b.begin_ms
    UNION ALL
    SELECT q.*
      FROM begun AS b
     CROSS JOIN position AS q ON q.leg_id = b.leg_id AND q.capture_id <= b.begin_id
     WHERE q.update_ms > b.begin_ms
),
ledger_update AS NOT MATERIALIZED (
    SELECT u.* FROM begun AS b CROSS JOIN position_update AS u ON u.leg_id = b.leg_id AND u.transaction_ms <= b.begin_ms
)
