-- At which rates funding was paid, and at which marks, as the exchange told it last; of no account.
CREATE VIEW funding_rate_history AS
SELECT c.symbol,
       c.pair,
       c.margin_asset,
       r.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', r.time_ms / 1000.0, 'unixepoch') AS time,
       r.funding_rate_e8 / 1e8 AS funding_rate,
       r.mark_price_e8 / 1e8 AS mark_price,
       r.capture_id
  FROM contract AS c
 CROSS JOIN funding_rate AS r ON r.contract_id = c.contract_id
 WHERE r.capture_id = (SELECT max(x.capture_id)
                         FROM funding_rate AS x
                        WHERE x.contract_id = r.contract_id AND x.time_ms = r.time_ms);
