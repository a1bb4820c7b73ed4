-- Leverage and margin type of each symbol, from when on, in the exchange's words (symbolConfig of USD-M).
CREATE VIEW symbol_config_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       k.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.time_ms / 1000.0, 'unixepoch') AS time,
       k.leverage,
       k.margin_type,
       k.auto_add_margin,
       k.max_notional_value_e8 / 1e8 AS max_notional_value,
       k.capture_id
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN symbol_config AS k ON k.account_id = a.account_id AND k.contract_id = c.contract_id;
