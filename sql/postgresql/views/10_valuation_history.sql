-- Everything known of each leg at each poll, in integers, as in the files (sql/views/valuation_history.sql has the
-- formulas): unrealized_pnl_usd is exact and rounded half away from zero; what a file computes in floating point is
-- computed in it here too, by the same steps, so that both give the same number. The index of a settlement asset is the
-- recorder's, as whichever account it was asked for.
CREATE VIEW valuation_history AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, t.contract_size_e8, c.source AS contract_source,
       l.position_side, l.account_id, l.leg_id,
       v.time_ms, v.update_ms, v.mark_price_e8, v.unrealized_pnl_e8,
       CASE
           WHEN t.contract_size_e8 IS NULL THEN NULL
           WHEN n.is_linear AND v.unrealized_pnl_e8 = 0 THEN 0
           ELSE round(v.unrealized_pnl_e8::numeric * n.usd_price_e8 * 0.00000001)
       END AS unrealized_pnl_usd_e8,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0
           ELSE trunc(m.notional + sign(m.notional) * 0.5::float8)::bigint
       END AS notional_usd_e8,
       v.liquidation_price_e8, v.isolated_margin_e8, v.notional_value_e8,
       p.position_amount_e8, p.entry_price_e8, p.break_even_price_e8,
       coalesce(p.leverage, k.leverage) AS leverage, p.max_quantity_e8,
       coalesce(p.margin_type, k.margin_type) AS margin_type,
       coalesce(p.auto_add_margin, k.auto_add_margin) AS auto_add_margin, p.isolated_wallet_e8, p.present, p.extra,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0
           WHEN n.is_linear
               THEN round(round(p.position_amount_e8::numeric * t.contract_size_e8 * 0.00000001)
                          * (v.mark_price_e8 - p.entry_price_e8) * 0.00000001)::bigint
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN trunc(p.position_amount_e8 * (t.contract_size_e8 / 1e8::float8)
                          * (v.mark_price_e8 - p.entry_price_e8)
                          / p.entry_price_e8 / v.mark_price_e8 * 1e8::float8
                          + CASE WHEN (p.position_amount_e8 > 0) = (v.mark_price_e8 > p.entry_price_e8)
                                 THEN 0.5::float8 ELSE -0.5::float8 END)::bigint
       END AS expected_pnl_e8,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0::float8
           WHEN n.is_linear
               THEN 1.5e-8::float8 + 2e-8::float8 * abs(p.position_amount_e8 / 1e8::float8)
                    * (t.contract_size_e8 / 1e8::float8)
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN 1.5e-8::float8 + 1e-8::float8 * abs(p.position_amount_e8 / 1e8::float8)
                    * (t.contract_size_e8 / 1e8::float8)
                    * (1e16::float8 / p.entry_price_e8 / p.entry_price_e8
                       + 1e16::float8 / v.mark_price_e8 / v.mark_price_e8)
       END AS pnl_tolerance,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0::float8
           WHEN n.is_linear
               THEN abs(p.position_amount_e8 / 1e8::float8) * (t.contract_size_e8 / 1e8::float8)
                    * (v.mark_price_e8 / 1e8::float8) / nullif(k.leverage, 0)
           WHEN v.mark_price_e8 <> 0 AND p.leverage <> 0
               THEN abs(p.position_amount_e8) / 1e8::float8 * (t.contract_size_e8 / 1e8::float8)
                    / (v.mark_price_e8 / 1e8::float8) / p.leverage
       END AS initial_margin,
       CASE
           WHEN v.liquidation_price_e8 > 0 AND v.mark_price_e8 > 0
               THEN CASE
                        WHEN p.position_amount_e8 > 0
                            THEN (v.mark_price_e8 - v.liquidation_price_e8)::float8 / v.mark_price_e8
                        WHEN p.position_amount_e8 < 0
                            THEN (v.liquidation_price_e8 - v.mark_price_e8)::float8 / v.mark_price_e8
                    END
       END AS liquidation_distance
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
  JOIN LATERAL (SELECT x.contract_size_e8, x.from_ms,
                       lead(x.from_ms, 1, 9223372036854775807)
                           OVER (PARTITION BY x.account_id ORDER BY x.from_ms, x.capture_id) AS to_ms
                  FROM contract_term AS x
                 WHERE x.account_id = l.account_id AND x.contract_id = l.contract_id) AS t ON true
  JOIN valuation AS v
    ON v.account_id = l.account_id AND v.leg_id = l.leg_id AND v.time_ms >= t.from_ms AND v.time_ms < t.to_ms
  LEFT JOIN position AS p
    ON p.account_id = v.account_id AND p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
  LEFT JOIN LATERAL (SELECT x.leverage, x.auto_add_margin,
                            CASE x.margin_type WHEN 'CROSSED' THEN 'cross' ELSE lower(x.margin_type) END AS margin_type
                       FROM symbol_config AS x
                      WHERE x.account_id = l.account_id AND x.contract_id = l.contract_id AND x.time_ms <= v.time_ms
                      ORDER BY x.time_ms DESC LIMIT 1) AS k ON true
  JOIN product AS d ON d.name = c.product
 CROSS JOIN LATERAL (SELECT d.is_linear,
                            CASE
                                WHEN d.is_linear
                                    THEN (SELECT i.index_price_e8
                                            FROM asset_index AS i
                                           WHERE i.recorder_id = l.recorder_id AND i.symbol = c.margin_asset || 'USD'
                                             AND i.time_ms <= v.time_ms AND i.index_price_e8 > 0
                                           ORDER BY i.time_ms DESC, i.capture_id DESC LIMIT 1)
                                ELSE v.mark_price_e8
                            END AS usd_price_e8) AS n
 CROSS JOIN LATERAL (SELECT CASE
                                WHEN n.is_linear
                                    THEN p.position_amount_e8 * (t.contract_size_e8 / 1e8::float8)
                                         * (v.mark_price_e8 / 1e8::float8) * (n.usd_price_e8 / 1e8::float8)
                                ELSE p.position_amount_e8 * (t.contract_size_e8 / 1e8::float8)
                            END AS notional) AS m;
