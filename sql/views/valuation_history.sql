-- Everything known of each leg at each poll, in integers: what pnl_history, margin_history, position_now and the
-- summaries of hours read. The formulas stand here alone.
-- A contract's size is that of the time: the last one's, which `contract` has, or that of a term before it.
-- unrealized_pnl_usd = unrealized_pnl x what one of the margin asset is worth: of an inverse contract the mark, of a linear
-- one the asset's index that was known last (usd_price). NULL of what is no contract of the product's: the product of two
-- numbers at 10^8 is taken apart so that every step fits into 64 bits, and its eight places are exact (halves away from zero).
-- expected_pnl, in the margin asset: of an inverse contract amount x contract size x (1/entry - 1/mark), computed as
-- amount x size x (mark - entry) / entry / mark, which subtracts exactly; of a linear one amount x size x (mark - entry), in integers.
-- At 10^8, and rounded there to a whole number.
-- pnl_tolerance = what decimals of eight places can explain: a unit of the last place in the reported
-- PnL, half of one in the computed, and one in entry and mark, each times |amount| x size, of inverse ones / price^2.
-- notional_usd, signed: amount x contract size, of a linear contract x mark x usd_price.
-- initial_margin = |amount| x contract size / mark / leverage, of a linear contract x mark, in the margin asset.
-- Leverage and margin type are symbolConfig's where positionRisk does not say them, in positionRisk's words.
-- liquidation_distance = the fraction of the mark price still to go to the liquidation price; NULL
-- when the leg is flat or has no liquidation price.
-- CROSS JOIN keeps SQLite to this order, in which every filter on account, symbol, side and time
-- reaches a key and valuations are never scanned. LEFT JOIN lets it leave the position out where no
-- column of it is asked for; the foreign key says that there is one.
CREATE VIEW valuation_history AS
SELECT v.account,
       v.symbol,
       v.pair,
       v.margin_asset,
       v.contract_size_e8,
       v.contract_source,
       v.position_side,
       v.leg_id,
       v.time_ms,
       v.update_ms,
       v.mark_price_e8,
       v.unrealized_pnl_e8,
       CASE
           WHEN v.contract_size_e8 IS NULL THEN NULL
           WHEN v.is_linear
               THEN iif(v.unrealized_pnl_e8 = 0, 0,
                        (SELECT v.unrealized_pnl_e8 / 100000000 * i.index_price_e8
                                + v.unrealized_pnl_e8 % 100000000 * (i.index_price_e8 / 100000000)
                                + (v.unrealized_pnl_e8 % 100000000 * (i.index_price_e8 % 100000000)
                                   + iif(v.unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000
--include index_of
                       ))
           ELSE v.unrealized_pnl_e8 / 100000000 * v.mark_price_e8
                + v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 / 100000000)
                + (v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 % 100000000)
                   + iif(v.unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000
       END AS unrealized_pnl_usd_e8,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0
           WHEN v.is_linear
               THEN (SELECT CAST(round(p.position_amount_e8 * (v.contract_size_e8 / 1e8) * (v.mark_price_e8 / 1e8)
                                       * (i.index_price_e8 / 1e8)) AS INTEGER)
--include index_of
                       )
           ELSE CAST(round(p.position_amount_e8 * (v.contract_size_e8 / 1e8)) AS INTEGER)
       END AS notional_usd_e8,
       v.liquidation_price_e8,
       v.isolated_margin_e8,
       v.notional_value_e8,
       p.position_amount_e8,
       p.entry_price_e8,
       p.break_even_price_e8,
       coalesce(p.leverage,
                (SELECT k.leverage
--include config_of
                )) AS leverage,
       p.max_quantity_e8,
       coalesce(p.margin_type,
                (SELECT CASE k.margin_type WHEN 'CROSSED' THEN 'cross' ELSE lower(k.margin_type) END
--include config_of
                )) AS margin_type,
       coalesce(p.auto_add_margin,
                (SELECT k.auto_add_margin
--include config_of
                )) AS auto_add_margin,
       p.isolated_wallet_e8,
       p.present,
       p.extra,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0
           WHEN v.is_linear
               THEN (SELECT q / 100000000 * d
                            + q % 100000000 * (d / 100000000)
                            + (q % 100000000 * (d % 100000000) + iif((q < 0) = (d < 0), 50000000, -50000000)) / 100000000
                       FROM (SELECT CAST(round(p.position_amount_e8 * (v.contract_size_e8 / 1e8)) AS INTEGER) AS q,
                                    v.mark_price_e8 - p.entry_price_e8 AS d))
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN CAST(p.position_amount_e8 * (v.contract_size_e8 / 1e8)
                         * (v.mark_price_e8 - p.entry_price_e8)
                         / p.entry_price_e8 / v.mark_price_e8 * 1e8
                         + iif((p.position_amount_e8 > 0) = (v.mark_price_e8 > p.entry_price_e8),
                               0.5, -0.5) AS INTEGER)
       END AS expected_pnl_e8,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN v.is_linear THEN 1.5e-8 + 2e-8 * abs(p.position_amount_e8 / 1e8) * (v.contract_size_e8 / 1e8)
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN 1.5e-8 + 1e-8 * abs(p.position_amount_e8 / 1e8) * (v.contract_size_e8 / 1e8)
                             * (1e16 / p.entry_price_e8 / p.entry_price_e8
                                + 1e16 / v.mark_price_e8 / v.mark_price_e8)
       END AS pnl_tolerance,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN v.is_linear
               THEN abs(p.position_amount_e8 / 1e8) * (v.contract_size_e8 / 1e8) * (v.mark_price_e8 / 1e8)
                    / (SELECT k.leverage
--include config_of
                )
           WHEN v.mark_price_e8 <> 0 AND p.leverage <> 0
               THEN abs(p.position_amount_e8 / 1e8) * (v.contract_size_e8 / 1e8)
                    / (v.mark_price_e8 / 1e8) / p.leverage
       END AS initial_margin,
       CASE
           WHEN v.liquidation_price_e8 > 0 AND v.mark_price_e8 > 0
               THEN CASE
                        WHEN p.position_amount_e8 > 0
                            THEN (v.mark_price_e8 - v.liquidation_price_e8) * 1.0 / v.mark_price_e8
                        WHEN p.position_amount_e8 < 0
                            THEN (v.liquidation_price_e8 - v.mark_price_e8) * 1.0 / v.mark_price_e8
                    END
       END AS liquidation_distance
  FROM (SELECT a.name AS account,
               c.symbol,
               c.pair,
               c.margin_asset,
               c.source AS contract_source,
               l.position_side,
               l.leg_id,
               l.account_id,
               l.contract_id,
--include is_linear
                   AS is_linear,
               v.time_ms,
               v.update_ms,
               v.revision,
               v.mark_price_e8,
               v.unrealized_pnl_e8,
               v.liquidation_price_e8,
               v.isolated_margin_e8,
               v.notional_value_e8,
               iif(v.time_ms >= c.since_ms, c.contract_size_e8,
                   (SELECT t.contract_size_e8
                      FROM contract_term AS t
                     WHERE t.contract_id = c.contract_id AND t.from_ms <= v.time_ms
                     ORDER BY t.from_ms DESC, t.capture_id DESC LIMIT 1)) AS contract_size_e8
          FROM account AS a
         CROSS JOIN contract AS c ON c.product = a.product
         CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
         CROSS JOIN valuation AS v ON v.leg_id = l.leg_id) AS v
  LEFT JOIN position AS p
    ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision;
