-- The margin of each leg at each poll.
-- initial_margin = |amount| x contract size / mark / leverage, in the margin asset.
-- liquidation_distance = the fraction of the mark price still to go to the liquidation price; NULL
-- when the leg is flat or has no liquidation price.
-- maintenance_margin = what the last answer of `account` before said; NULL where none had.
-- The joins are those of pnl_history, for the same reasons.
CREATE VIEW margin_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       v.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.time_ms / 1000.0, 'unixepoch') AS time,
       v.update_ms,
       p.margin_type,
       p.leverage,
       v.isolated_margin_e8 / 1e8 AS isolated_margin,
       p.isolated_wallet_e8 / 1e8 AS isolated_wallet,
       v.notional_value_e8 / 1e8 AS notional_value,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN v.mark_price_e8 <> 0 AND p.leverage <> 0
               THEN abs(p.position_amount_e8) / 1e8 * (c.contract_size_e8 / 1e8)
                    / (v.mark_price_e8 / 1e8) / p.leverage
       END AS initial_margin,
       (SELECT m.maintenance_margin_e8
          FROM leg_margin AS m
         WHERE m.leg_id = v.leg_id AND m.time_ms <= v.time_ms
         ORDER BY m.time_ms DESC LIMIT 1) / 1e8 AS maintenance_margin,
       v.liquidation_price_e8 / 1e8 AS liquidation_price,
       v.mark_price_e8 / 1e8 AS mark_price,
       CASE
           WHEN v.liquidation_price_e8 > 0 AND v.mark_price_e8 > 0
               THEN CASE
                        WHEN p.position_amount_e8 > 0
                            THEN (v.mark_price_e8 - v.liquidation_price_e8) * 1.0 / v.mark_price_e8
                        WHEN p.position_amount_e8 < 0
                            THEN (v.liquidation_price_e8 - v.mark_price_e8) * 1.0 / v.mark_price_e8
                    END
       END AS liquidation_distance
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN valuation AS v ON v.leg_id = l.leg_id
  LEFT JOIN position AS p
    ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision;
