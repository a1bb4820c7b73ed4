-- The legs whose mark price is an asset's price in USD: those of its contracts. `rank` prefers perpetuals; of others
-- that are equal otherwise the one that is delivered first is taken, then the first by name. They are listed once for
-- a question, not for each price.
CREATE VIEW asset_leg AS
WITH listed AS MATERIALIZED (
    SELECT l.account_id,
           c.margin_asset AS asset,
           l.leg_id,
           iif(c.contract_type = 'PERPETUAL', 0, 1) AS rank,
           c.delivery_ms,
           c.symbol
      FROM contract AS c
     CROSS JOIN leg AS l ON l.contract_id = c.contract_id
)
SELECT account_id, asset, leg_id, rank, delivery_ms, symbol FROM listed;
