-- Every state a leg was ever seen in.
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
       p.leverage,
       p.max_quantity_e8 / 1e8 AS max_quantity,
       p.margin_type,
       p.auto_add_margin,
       p.present
  FROM account AS a
  JOIN contract AS c ON c.product = a.product
  JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
  JOIN position AS p ON p.leg_id = l.leg_id
  JOIN capture AS s ON s.capture_id = p.capture_id AND s.endpoint = 'positionRisk';
