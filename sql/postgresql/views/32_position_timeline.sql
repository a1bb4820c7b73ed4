-- Every state of each leg by the exchange's own time, polls and stream together (sql/views/position_timeline.sql).
CREATE VIEW position_timeline AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side,
       t.time_ms,
       to_char(to_timestamp(t.time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       t.update_ms,
       to_char(to_timestamp(nullif(t.update_ms, 0) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS update_time,
       t.revision, t.source, t.first_seen_ms,
       to_char(to_timestamp(t.first_seen_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_seen,
       t.position_amount_e8 * 0.00000001 AS position_amount,
       t.entry_price_e8 * 0.00000001 AS entry_price,
       t.break_even_price_e8 * 0.00000001 AS break_even_price,
       t.leverage, t.margin_type,
       t.isolated_wallet_e8 * 0.00000001 AS isolated_wallet,
       t.present, t.capture_id
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
  JOIN (SELECT p.account_id, p.leg_id,
               CASE WHEN p.present = 1 AND p.update_ms > coalesce(b.update_ms, 0) THEN p.update_ms
                    ELSE s.received_ms END AS time_ms,
               p.update_ms, p.revision,
               CASE WHEN u.capture_id IS NULL THEN 'poll' ELSE 'both' END AS source,
               least(u.received_ms, s.received_ms) AS first_seen_ms,
               p.position_amount_e8, p.entry_price_e8, p.break_even_price_e8, p.leverage, p.margin_type,
               p.isolated_wallet_e8, p.present,
               least(u.capture_id, p.capture_id) AS capture_id
          FROM position AS p
          JOIN capture AS s
            ON s.account_id = p.account_id AND s.capture_id = p.capture_id AND s.endpoint = 'positionRisk'
          LEFT JOIN LATERAL (SELECT q.update_ms
                               FROM position AS q
                              WHERE q.account_id = p.account_id AND q.leg_id = p.leg_id
                                AND q.capture_id < p.capture_id
                              ORDER BY q.capture_id DESC LIMIT 1) AS b ON true
          LEFT JOIN LATERAL (SELECT m.capture_id, m.received_ms
                               FROM position_update AS x
                               JOIN capture AS m ON m.account_id = x.account_id AND m.capture_id = x.capture_id
                              WHERE x.account_id = p.account_id AND x.leg_id = p.leg_id
                                AND x.transaction_ms = p.update_ms AND p.revision = 0
                              ORDER BY x.capture_id LIMIT 1) AS u ON true
         UNION ALL
        SELECT x.account_id, x.leg_id, x.transaction_ms, x.transaction_ms, 0, 'stream' AS source, m.received_ms,
               x.position_amount_e8, x.entry_price_e8, x.break_even_price_e8, NULL AS leverage, x.margin_type,
               x.isolated_wallet_e8, 1, x.capture_id
          FROM position_update AS x
          JOIN capture AS m ON m.account_id = x.account_id AND m.capture_id = x.capture_id
         WHERE NOT EXISTS (SELECT 1
                             FROM position AS b
                            WHERE b.account_id = x.account_id AND b.leg_id = x.leg_id
                              AND b.update_ms = x.transaction_ms)) AS t
    ON t.account_id = l.account_id AND t.leg_id = l.leg_id;
