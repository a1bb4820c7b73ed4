-- Every state a leg was ever seen in by a poll.
CREATE VIEW position_history AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side, p.update_ms,
       to_char(to_timestamp(nullif(p.update_ms, 0) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS update_time,
       p.revision,
       s.received_ms AS first_seen_ms,
       to_char(to_timestamp(s.received_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_seen,
       p.position_amount_e8 * 0.00000001 AS position_amount,
       p.entry_price_e8 * 0.00000001 AS entry_price,
       p.break_even_price_e8 * 0.00000001 AS break_even_price,
       coalesce(p.leverage, k.leverage) AS leverage,
       p.max_quantity_e8 * 0.00000001 AS max_quantity,
       coalesce(p.margin_type, k.margin_type) AS margin_type,
       coalesce(p.auto_add_margin, k.auto_add_margin) AS auto_add_margin,
       p.present
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
  JOIN position AS p ON p.account_id = l.account_id AND p.leg_id = l.leg_id
  JOIN capture AS s ON s.account_id = p.account_id AND s.capture_id = p.capture_id AND s.endpoint = 'positionRisk'
  LEFT JOIN LATERAL (SELECT x.leverage, x.auto_add_margin,
                            CASE x.margin_type WHEN 'CROSSED' THEN 'cross' ELSE lower(x.margin_type) END AS margin_type
                       FROM symbol_config AS x
                      WHERE x.account_id = l.account_id AND x.contract_id = l.contract_id AND x.time_ms <= s.received_ms
                      ORDER BY x.time_ms DESC LIMIT 1) AS k ON true;
