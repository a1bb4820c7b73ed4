-- Of which times the record can speak, half-open: what has ended, of spans that overlap as one, and what goes on, up to its
-- last sign of life.
CREATE VIEW known AS
SELECT a.name AS account,
       k.kind,
       k.symbol,
       k.from_ms,
       to_char(to_timestamp(k.from_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS from_time,
       k.to_ms,
       to_char(to_timestamp(k.to_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS to_time
  FROM account AS a
  JOIN (SELECT account_id, kind, symbol, min(from_ms) AS from_ms, max(to_ms) AS to_ms
          FROM (SELECT s.*, count(*) FILTER (WHERE is_apart) OVER (PARTITION BY account_id, kind, symbol
                                                                   ORDER BY from_ms, to_ms, capture_id) AS island
                  FROM (SELECT s.*, from_ms > lag(reach_ms) OVER (PARTITION BY account_id, kind, symbol
                                                                  ORDER BY from_ms, to_ms, capture_id) AS is_apart
                          FROM (SELECT s.*, max(to_ms) OVER (PARTITION BY account_id, kind, symbol
                                                             ORDER BY from_ms, to_ms, capture_id
                                                             ROWS UNBOUNDED PRECEDING) AS reach_ms
                                  FROM known_span AS s) AS s) AS s) AS s
         GROUP BY account_id, kind, symbol, island
        UNION ALL
        SELECT s.account_id, e.kind, ''::text AS symbol, min(s.received_ms) AS from_ms, max(s.received_ms) AS to_ms
          FROM capture AS s
          JOIN (VALUES ('positionRisk', 'polls'), ('account', 'account'), ('premiumIndex', 'prices'),
                       ('assetIndex', 'prices')) AS e (endpoint, kind) ON e.endpoint = s.endpoint
         WHERE s.outcome = 'ok'
           AND s.received_ms > coalesce((SELECT max(k.to_ms)
                                           FROM known_span AS k
                                          WHERE k.account_id = s.account_id AND k.kind = e.kind AND k.symbol = ''), -1)
         GROUP BY s.account_id, e.kind
        UNION ALL
        SELECT s.account_id, 'stream'::text AS kind, ''::text AS symbol,
               greatest(min(s.received_ms), coalesce(max(e.to_ms), 0)) AS from_ms,
               (SELECT max(l.received_ms) AS to_ms FROM capture AS l WHERE l.account_id = s.account_id) AS to_ms
          FROM capture AS s
          LEFT JOIN (SELECT account_id, max(to_ms) AS to_ms, max(capture_id) AS capture_id
                       FROM known_span
                      WHERE kind = 'stream'
                      GROUP BY account_id) AS e ON e.account_id = s.account_id
         WHERE s.outcome = 'opened'
           AND (s.received_ms > coalesce(e.to_ms, -1) OR s.capture_id >= e.capture_id)
         GROUP BY s.account_id) AS k ON k.account_id = a.account_id;
