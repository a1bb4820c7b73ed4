-- The legs whose mark price is an asset's price in USD: those of its contracts. `rank` prefers perpetuals; of others
-- that are equal otherwise the one that is delivered first is taken, then the first by name. The + keeps SQLite from
-- going through the contracts by that.
CREATE VIEW asset_leg AS
SELECT l.account_id,
       c.margin_asset AS asset,
       l.leg_id,
       iif(c.contract_type = 'PERPETUAL', 0, 1) AS rank,
       c.delivery_ms,
       +c.symbol AS symbol
  FROM contract AS c
 CROSS JOIN leg AS l ON l.contract_id = c.contract_id;
