-- Of each leg that changed in the range the part of its history that its changes are judged by: up to the last of them, and
-- from when it was flat last before all of them; from its beginning where it never was, where an amount since then is not
-- known, or one was told only after the range. Where the first rows alone are asked for, these changes are those that were
-- received before these end (changes_counted). After with_change_legs.
, ending AS MATERIALIZED (
    SELECT l.*,
           coalesce(f.until_ms, l.to_ms) AS end_ms,
           iif(f.until_ms IS NULL, l.last_id,
               (SELECT max((SELECT s.capture_id
                              FROM capture AS s
                             WHERE s.account_id = l.account_id
                               AND s.endpoint = e.endpoint
                               AND s.received_ms < f.until_ms
                               AND s.payload_id IS NOT NULL
                             ORDER BY s.received_ms DESC, s.capture_id DESC LIMIT 1))
                  FROM (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'userData') AS e)) AS end_id
      FROM leg_named AS l
      LEFT JOIN changes_counted AS f
),
touched AS MATERIALIZED (
    SELECT leg_id, account_id, min(time_ms) AS first_ms, max(time_ms) AS last_ms, first_id, last_id, end_ms
      FROM (SELECT e.leg_id, e.account_id, q.update_ms AS time_ms, e.first_id, e.last_id, e.end_ms
              FROM ending AS e
             CROSS JOIN position AS q ON q.leg_id = e.leg_id AND q.capture_id BETWEEN e.first_id AND e.end_id
             UNION ALL
            SELECT e.leg_id, e.account_id, u.transaction_ms, e.first_id, e.last_id, e.end_ms
              FROM (SELECT min(first_id) AS first_id, max(end_id) AS end_id FROM ending) AS b
             CROSS JOIN position_update AS u ON u.capture_id BETWEEN b.first_id AND b.end_id
             CROSS JOIN ending AS e ON e.leg_id = u.leg_id AND u.capture_id BETWEEN e.first_id AND e.end_id)
     GROUP BY leg_id
),
flat AS MATERIALIZED (
    SELECT t.*,
           max(t.last_ms, t.end_ms) AS until_ms,
           (SELECT z.update_ms
              FROM position AS z
             WHERE z.leg_id = t.leg_id
               AND z.update_ms < t.first_ms
               AND z.revision = 0
               AND z.capture_id < t.first_id
               AND z.present = 1
               AND z.position_amount_e8 = 0
               AND z.update_ms > coalesce((SELECT b.update_ms
                                             FROM position AS b
                                            WHERE b.leg_id = z.leg_id AND b.capture_id < z.capture_id
                                            ORDER BY b.capture_id DESC LIMIT 1), 0)
             ORDER BY z.update_ms DESC LIMIT 1) AS flat_ms
      FROM touched AS t
),
begun AS MATERIALIZED (
    SELECT f.leg_id,
           f.account_id,
           f.until_ms,
           iif(f.flat_ms IS NULL
               OR EXISTS (SELECT 1
                            FROM position AS x
                           WHERE x.leg_id = f.leg_id
                             AND x.update_ms BETWEEN f.flat_ms AND f.until_ms
                             AND (x.present = 1 AND x.position_amount_e8 IS NULL
                                  OR x.update_ms < f.last_ms AND x.capture_id > f.last_id))
               OR EXISTS (SELECT 1
                            FROM position_update AS x
                           WHERE x.leg_id = f.leg_id
                             AND x.transaction_ms BETWEEN f.flat_ms AND f.until_ms
                             AND (x.position_amount_e8 IS NULL
                                  OR x.transaction_ms < f.last_ms AND x.capture_id > f.last_id)),
               0, f.flat_ms) AS from_ms
      FROM flat AS f
)
