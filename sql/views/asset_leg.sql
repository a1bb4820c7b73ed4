-- The same by the legs that told a mark, whoever's.
CREATE VIEW asset_leg AS
WITH listed AS MATERIALIZED (
    SELECT c.asset, l.leg_id, c.rank, c.delivery_ms, c.symbol
      FROM asset_contract AS c
     CROSS JOIN leg AS l ON l.contract_id = c.contract_id
)
SELECT asset, leg_id, rank, delivery_ms, symbol FROM listed;
