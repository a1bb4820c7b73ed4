-- Who tells the mark price of an asset: the legs of its inverse contracts, whoever's, and premiumIndex of them, each from when it
-- first did until when it is asked no more: a price is that of another contract than a perpetual only while none was
-- known. Of two that told at one moment the higher `source_id` counts. They are listed once for a question, not for each
-- price.
CREATE VIEW asset_source AS
WITH listed AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY contract_id IS NOT NULL, delivery_ms DESC NULLS FIRST, symbol DESC, leg_id DESC)
               AS source_id,
           asset,
           leg_id,
           contract_id,
           first_ms,
           iif(is_perpetual, NULL, min(iif(is_perpetual, first_ms, NULL)) OVER (PARTITION BY asset)) AS until_ms
      FROM (SELECT c.margin_asset AS asset,
                   c.contract_type = 'PERPETUAL' AS is_perpetual,
                   c.delivery_ms,
                   c.symbol,
                   l.leg_id,
                   NULL AS contract_id,
                   (SELECT v.time_ms
                      FROM valuation AS v
                     WHERE v.leg_id = l.leg_id AND v.mark_price_e8 > 0
                     ORDER BY v.time_ms LIMIT 1) AS first_ms
              FROM contract AS c
             CROSS JOIN leg AS l ON l.contract_id = c.contract_id
             WHERE NOT (
--include is_linear
                       )
             UNION ALL
            SELECT c.margin_asset,
                   c.contract_type = 'PERPETUAL',
                   c.delivery_ms,
                   c.symbol,
                   NULL,
                   c.contract_id,
                   (SELECT m.time_ms
                      FROM mark AS m
                     WHERE m.contract_id = c.contract_id AND m.mark_price_e8 > 0
                     ORDER BY m.time_ms LIMIT 1)
              FROM contract AS c
             WHERE NOT (
--include is_linear
                       ))
     WHERE first_ms IS NOT NULL
)
SELECT source_id, asset, leg_id, contract_id, first_ms, until_ms
  FROM listed
 WHERE until_ms IS NULL OR until_ms > first_ms;
