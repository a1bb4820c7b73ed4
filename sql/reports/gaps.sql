-- What the record cannot speak of, why, and what is known to have happened meanwhile. After with_silence.
-- From when to when each leg was traded, and its position changed: most legs of a long history were not in most gaps.
, lived AS MATERIALIZED (
    SELECT l.account_id, k.kind, l.leg_id,
           CASE k.kind
               WHEN 'trade' THEN (SELECT min(t.time_ms) FROM trade AS t WHERE t.leg_id = l.leg_id)
               WHEN 'position' THEN (SELECT min(p.update_ms) FROM position AS p WHERE p.leg_id = l.leg_id AND p.update_ms > 0)
               ELSE (SELECT min(u.transaction_ms) FROM position_update AS u WHERE u.leg_id = l.leg_id)
           END AS first_ms,
           CASE k.kind
               WHEN 'trade' THEN (SELECT max(t.time_ms) FROM trade AS t WHERE t.leg_id = l.leg_id)
               WHEN 'position' THEN (SELECT max(p.update_ms) FROM position AS p WHERE p.leg_id = l.leg_id)
               ELSE (SELECT max(u.transaction_ms) FROM position_update AS u WHERE u.leg_id = l.leg_id)
           END AS last_ms
      FROM leg AS l
     CROSS JOIN (SELECT 'trade' AS kind UNION ALL SELECT 'position' UNION ALL SELECT 'update') AS k
),
judged AS MATERIALIZED (
    SELECT s.*,
           (SELECT max(r.received_ms)
              FROM capture AS r
             WHERE r.account_id = s.account_id
               AND r.endpoint = 'recorder'
               AND r.outcome = 'stopped'
               AND r.received_ms >= s.ended_ms
               AND r.received_ms <= coalesce(s.begun_ms, 9e18)) AS stopped_ms,
           -- what kept it from writing stands before a colon
           (SELECT iif(r.detail LIKE '%: % could not be written', substr(r.detail, 1, instr(r.detail, ':') - 1), 'stopped')
              FROM capture AS r
             WHERE r.account_id = s.account_id
               AND r.endpoint = 'recorder'
               AND r.outcome = 'stopped'
               AND r.received_ms >= s.ended_ms
               AND r.received_ms <= coalesce(s.begun_ms, 9e18)
             ORDER BY r.received_ms DESC LIMIT 1) AS stopped,
           (SELECT max(r.received_ms)
              FROM capture AS r
             WHERE r.account_id = s.account_id
               AND r.endpoint = 'recorder'
               AND r.outcome = 'started'
               AND r.received_ms >= s.ended_ms
               AND r.received_ms <= coalesce(s.begun_ms, 9e18)) AS started_ms,
           (SELECT f.outcome
              FROM capture_read AS f
             WHERE f.account_id = s.account_id
               AND f.endpoint IN (CASE s.kind
                                      WHEN 'polls' THEN 'positionRisk'
                                      WHEN 'stream' THEN 'userData'
                                      WHEN 'prices' THEN 'premiumIndex'
                                      ELSE s.kind
                                  END, iif(s.kind = 'prices', 'assetIndex', NULL))
               AND f.received_ms >= s.ended_ms
               AND f.received_ms <= coalesce(s.begun_ms, 9e18)
               AND f.outcome NOT IN ('ok', 'opened', 'closed')
               AND (s.kind <> 'stream' OR f.payload_id IS NULL)
             GROUP BY f.outcome
            -- a failure early in a long silence is not why it was long, but for a pause
            HAVING f.outcome IN ('banned', 'rate_limited') OR (max(f.received_ms) - s.ended_ms) * 2 >= s.to_ms - s.ended_ms
             ORDER BY count(*) DESC, f.outcome LIMIT 1) AS failed,
           (SELECT c.detail
              FROM capture AS c
             WHERE s.kind = 'stream'
               AND c.account_id = s.account_id
               AND c.endpoint = 'userData'
               AND c.outcome = 'closed'
               AND c.received_ms >= s.ended_ms
               AND c.received_ms <= coalesce(s.begun_ms, 9e18)
             ORDER BY c.received_ms LIMIT 1) AS closed,
           (SELECT count(DISTINCT t.leg_id || ' ' || t.trade_id)
              FROM lived AS l
             CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms >= s.from_ms AND t.time_ms < s.to_ms
             WHERE l.account_id = s.account_id AND l.kind = 'trade' AND l.first_ms < s.to_ms AND l.last_ms >= s.from_ms) AS trades,
           (SELECT count(*)
              FROM (SELECT p.leg_id, p.update_ms
                      FROM lived AS l
                     CROSS JOIN position AS p ON p.leg_id = l.leg_id AND p.update_ms >= s.from_ms AND p.update_ms < s.to_ms
                     WHERE l.account_id = s.account_id
                       AND l.kind = 'position'
                       AND l.first_ms < s.to_ms
                       AND l.last_ms >= s.from_ms
                       AND p.present = 1
                     UNION
                    SELECT u.leg_id, u.transaction_ms
                      FROM lived AS l
                     CROSS JOIN position_update AS u
                        ON u.leg_id = l.leg_id AND u.transaction_ms >= s.from_ms AND u.transaction_ms < s.to_ms
                     WHERE l.account_id = s.account_id
                       AND l.kind = 'update'
                       AND l.first_ms < s.to_ms
                       AND l.last_ms >= s.from_ms)) AS changes
      FROM silence AS s
)
SELECT account,
       kind,
       strftime('%Y-%m-%dT%H:%M:%fZ', from_ms / 1000.0, 'unixepoch') AS "from",
       strftime('%Y-%m-%dT%H:%M:%fZ', to_ms / 1000.0, 'unixepoch') AS "to",
       (to_ms - from_ms) / 1000.0 AS seconds,
       (SELECT max(1, (begun_ms - ended_ms + k.interval_ms / 2) / k.interval_ms - 1)
          FROM known_span AS k
         WHERE k.account_id = judged.account_id
           AND k.kind = judged.kind
           AND k.symbol = ''
           AND k.to_ms = ended_ms) AS missed,
       CASE
           WHEN ended_ms IS NULL THEN 'before the history'
           WHEN started_ms IS NOT NULL AND (failed IS NULL OR coalesce(begun_ms, to_ms) - started_ms
                                                              < started_ms - coalesce(stopped_ms, ended_ms))
               THEN coalesce(stopped, 'killed')
           WHEN failed IS NOT NULL THEN failed
           WHEN stopped IS NOT NULL THEN stopped
           WHEN closed IS NOT NULL THEN closed
           ELSE 'unknown'
       END AS cause,
       iif(trades > 0, trades || iif(trades = 1, ' trade', ' trades'), '')
           || iif(trades > 0 AND changes > 0, ', ', '')
           || iif(changes > 0, changes || iif(changes = 1, ' change', ' changes'), '') AS happened
  FROM judged
 ORDER BY account, kind, from_ms;
