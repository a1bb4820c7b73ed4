-- How many rows report changes has, and, where these are more than the :first_rows that are asked for, before when those were
-- received. Nothing where all are asked for. Kept as changes_counted. After with_change_legs, with_change_beginnings and
-- with_change_told.
-- A row is told by a poll, in the range or after what the stream had told in it, ...
, polled AS MATERIALIZED (
    SELECT q.capture_id
      FROM leg_named AS l
     CROSS JOIN position AS q ON q.leg_id = l.leg_id AND q.capture_id BETWEEN l.first_id AND l.last_id
     WHERE NOT (q.revision = 0
                AND EXISTS (SELECT 1
                              FROM position_update AS u
                             WHERE u.leg_id = q.leg_id AND u.transaction_ms = q.update_ms AND u.capture_id < l.first_id))
),
-- ... or by the stream alone.
streamed AS MATERIALIZED (
    SELECT u.capture_id
      FROM (SELECT min(first_id) AS first_id, max(last_id) AS last_id FROM bounded) AS b
     CROSS JOIN position_update AS u ON u.capture_id BETWEEN b.first_id AND b.last_id
     CROSS JOIN leg_named AS l ON l.leg_id = u.leg_id AND u.capture_id BETWEEN l.first_id AND l.last_id
      LEFT JOIN position AS q ON q.leg_id = u.leg_id AND q.update_ms = u.transaction_ms AND q.revision = 0
     WHERE q.leg_id IS NULL
        OR (q.capture_id > l.last_id
            AND NOT EXISTS (SELECT 1
                              FROM position_update AS e
                             WHERE e.leg_id = u.leg_id AND e.transaction_ms = u.transaction_ms AND e.capture_id < u.capture_id))
),
-- Legs that are first seen flat are not shown.
unseen AS MATERIALIZED (
    SELECT t.capture_id
      FROM (SELECT account AS leg_id,
                   capture_id,
                   position_amount,
                   row_number() OVER (PARTITION BY account ORDER BY time_ms, capture_id) AS number
              FROM timeline_told) AS t
     CROSS JOIN leg_named AS l ON l.leg_id = t.leg_id AND t.capture_id BETWEEN l.first_id AND l.last_id
     WHERE t.number = 1 AND t.position_amount = 0 AND NOT :all
)
SELECT (SELECT count(*) FROM polled) + (SELECT count(*) FROM streamed) - (SELECT count(*) FROM unseen) AS row_count,
       (SELECT max(s.received_ms) + 1
          FROM (SELECT capture_id FROM polled ORDER BY capture_id LIMIT :first_rows + (SELECT count(*) FROM unseen)) AS f
         CROSS JOIN capture AS s ON s.capture_id = f.capture_id
         WHERE (SELECT count(*) FROM polled) > :first_rows + (SELECT count(*) FROM unseen)) AS until_ms
 WHERE :first_rows IS NOT NULL;
