-- What contracts were worth, as premiumIndex told it last of each moment, in natural units; of no account.
CREATE VIEW mark_history AS
SELECT c.symbol,
       c.pair,
       c.margin_asset,
       m.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', m.time_ms / 1000.0, 'unixepoch') AS time,
       m.mark_price_e8 / 1e8 AS mark_price,
       m.index_price_e8 / 1e8 AS index_price,
       m.funding_rate_e8 / 1e8 AS funding_rate,
       m.capture_id
  FROM contract AS c
 CROSS JOIN mark AS m ON m.contract_id = c.contract_id
 WHERE m.capture_id = (SELECT max(x.capture_id)
                         FROM mark AS x
                        WHERE x.contract_id = m.contract_id AND x.time_ms = m.time_ms);
