-- The contracts whose mark is an asset's price in USD. `rank` prefers perpetuals: a price steps to another contract only
-- where there never was one. They are listed once for a question, not for each price.
CREATE VIEW asset_contract AS
WITH listed AS MATERIALIZED (
    SELECT margin_asset AS asset,
           contract_id,
           iif(contract_type = 'PERPETUAL', 0, 1) AS rank,
           delivery_ms,
           symbol
      FROM contract
)
SELECT asset, contract_id, rank, delivery_ms, symbol FROM listed;
