-- Every state a leg was ever seen in. Leverage and margin type are symbolConfig's where positionRisk does not say them.
-- The join on product is what lets a filter on account, symbol and side reach one leg by unique keys.
CREATE VIEW position_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       p.update_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', nullif(p.update_ms, 0) / 1000.0, 'unixepoch') AS update_time,
       p.revision,
       s.received_ms AS first_seen_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.received_ms / 1000.0, 'unixepoch') AS first_seen,
       p.position_amount_e8 / 1e8 AS position_amount,
       p.entry_price_e8 / 1e8 AS entry_price,
       p.break_even_price_e8 / 1e8 AS break_even_price,
       coalesce(p.leverage, k.leverage) AS leverage,
       p.max_quantity_e8 / 1e8 AS max_quantity,
       coalesce(p.margin_type, CASE k.margin_type WHEN 'CROSSED' THEN 'cross' ELSE lower(k.margin_type) END) AS margin_type,
       coalesce(p.auto_add_margin, k.auto_add_margin) AS auto_add_margin,
       p.present
  FROM account AS a
  JOIN contract AS c ON c.product = a.product
  JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
  JOIN position AS p ON p.leg_id = l.leg_id
  JOIN capture AS s ON s.capture_id = p.capture_id AND s.endpoint = 'positionRisk'
  LEFT JOIN symbol_config AS k
    ON k.account_id = l.account_id
   AND k.contract_id = l.contract_id
   AND k.time_ms = (SELECT max(x.time_ms)
                      FROM symbol_config AS x
                     WHERE x.account_id = l.account_id
                       AND x.contract_id = l.contract_id
                       AND x.time_ms <= s.received_ms);
