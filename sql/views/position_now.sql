-- The last known state and valuation of each present leg, flat ones too.
CREATE VIEW position_now AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       v.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.time_ms / 1000.0, 'unixepoch') AS time,
       p.update_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', nullif(p.update_ms, 0) / 1000.0, 'unixepoch') AS update_time,
       p.position_amount_e8 / 1e8 AS position_amount,
       p.entry_price_e8 / 1e8 AS entry_price,
       p.break_even_price_e8 / 1e8 AS break_even_price,
       v.mark_price_e8 / 1e8 AS mark_price,
       v.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       (v.unrealized_pnl_e8 / 100000000 * v.mark_price_e8
        + v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(v.unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS unrealized_pnl_usd,
       v.liquidation_price_e8 / 1e8 AS liquidation_price,
       p.leverage,
       p.max_quantity_e8 / 1e8 AS max_quantity,
       p.margin_type,
       p.auto_add_margin,
       v.isolated_margin_e8 / 1e8 AS isolated_margin,
       p.isolated_wallet_e8 / 1e8 AS isolated_wallet,
       v.notional_value_e8 / 1e8 AS notional_value,
       c.contract_size_e8 / 1e8 AS contract_size,
       c.source AS contract_source,
       p.extra
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN valuation AS v
    ON v.leg_id = l.leg_id
   AND v.time_ms = (SELECT max(time_ms) FROM valuation WHERE leg_id = l.leg_id)
 CROSS JOIN position AS p
    ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
 WHERE p.present = 1;
