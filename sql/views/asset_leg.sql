-- The legs whose mark price is an asset's price in USD: those of its contracts. `rank` prefers perpetuals.
CREATE VIEW asset_leg AS
SELECT l.account_id,
       c.margin_asset AS asset,
       l.leg_id,
       iif(c.contract_type = 'PERPETUAL', 0, 1) AS rank
  FROM contract AS c
 CROSS JOIN leg AS l ON l.contract_id = c.contract_id;
