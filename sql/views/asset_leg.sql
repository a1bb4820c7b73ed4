-- The same by the legs that told a mark, whoever's, each with when it did first, and when the first of the asset's
-- perpetuals did: since then no other is asked.
CREATE VIEW asset_leg AS
WITH listed AS MATERIALIZED (
    SELECT *, min(iif(rank = 0, first_ms, NULL)) OVER (PARTITION BY asset) AS perpetual_ms
      FROM (SELECT c.asset,
                   l.leg_id,
                   c.rank,
                   c.delivery_ms,
                   c.symbol,
                   (SELECT min(v.time_ms) FROM valuation AS v WHERE v.leg_id = l.leg_id AND v.mark_price_e8 > 0) AS first_ms
              FROM asset_contract AS c
             CROSS JOIN leg AS l ON l.contract_id = c.contract_id)
     WHERE first_ms IS NOT NULL
)
SELECT asset, leg_id, rank, delivery_ms, symbol, first_ms, perpetual_ms FROM listed;
