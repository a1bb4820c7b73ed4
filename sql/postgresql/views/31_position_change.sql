-- What each row of position_history changed, against the leg's state before it.
CREATE VIEW position_change AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side,
       s.received_ms AS first_seen_ms,
       to_char(to_timestamp(s.received_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first_seen,
       p.update_ms,
       to_char(to_timestamp(nullif(p.update_ms, 0) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS update_time,
       p.revision,
       CASE
           WHEN p.present = 0 AND p.position_amount_e8 IS NULL THEN 'vanish'
           WHEN b.present = 0 AND b.position_amount_e8 IS NULL THEN 'return'
           WHEN p.position_amount_e8 IS NULL THEN NULL
           WHEN b.leg_id IS NULL THEN CASE WHEN p.position_amount_e8 = 0 THEN 'seen' ELSE 'open' END
           WHEN b.position_amount_e8 IS NULL THEN NULL
           WHEN b.position_amount_e8 = p.position_amount_e8 THEN 'settings'
           WHEN b.position_amount_e8 = 0 THEN 'open'
           WHEN p.position_amount_e8 = 0 THEN 'close'
           WHEN (p.position_amount_e8 > 0) <> (b.position_amount_e8 > 0) THEN 'flip'
           WHEN abs(p.position_amount_e8) > abs(b.position_amount_e8) THEN 'increase'
           ELSE 'reduce'
       END AS change,
       CASE WHEN b.leg_id IS NULL THEN p.position_amount_e8 ELSE p.position_amount_e8 - b.position_amount_e8 END
           * 0.00000001 AS amount_change,
       p.position_amount_e8 * 0.00000001 AS position_amount,
       b.position_amount_e8 * 0.00000001 AS previous_position_amount,
       p.entry_price_e8 * 0.00000001 AS entry_price,
       b.entry_price_e8 * 0.00000001 AS previous_entry_price,
       p.break_even_price_e8 * 0.00000001 AS break_even_price,
       b.break_even_price_e8 * 0.00000001 AS previous_break_even_price,
       p.leverage,
       b.leverage AS previous_leverage,
       p.max_quantity_e8 * 0.00000001 AS max_quantity,
       b.max_quantity_e8 * 0.00000001 AS previous_max_quantity,
       p.margin_type,
       b.margin_type AS previous_margin_type,
       p.auto_add_margin,
       b.auto_add_margin AS previous_auto_add_margin,
       p.isolated_wallet_e8 * 0.00000001 AS isolated_wallet,
       b.isolated_wallet_e8 * 0.00000001 AS previous_isolated_wallet,
       p.present,
       b.update_ms AS previous_update_ms,
       b.revision AS previous_revision,
       p.capture_id,
       p.leg_id
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
  JOIN position AS p ON p.account_id = l.account_id AND p.leg_id = l.leg_id
  JOIN capture AS s ON s.account_id = p.account_id AND s.capture_id = p.capture_id AND s.endpoint = 'positionRisk'
  LEFT JOIN LATERAL (SELECT *
                       FROM position AS q
                      WHERE q.account_id = p.account_id AND q.leg_id = p.leg_id AND q.capture_id < p.capture_id
                      ORDER BY q.capture_id DESC LIMIT 1) AS b ON true;
