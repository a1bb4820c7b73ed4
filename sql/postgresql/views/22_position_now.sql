-- The last known state and valuation of each present leg, flat ones too.
CREATE VIEW position_now AS
SELECT account, symbol, pair, margin_asset, position_side, time_ms,
       to_char(to_timestamp(time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       update_ms,
       to_char(to_timestamp(nullif(update_ms, 0) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS update_time,
       position_amount_e8 * 0.00000001 AS position_amount,
       entry_price_e8 * 0.00000001 AS entry_price,
       break_even_price_e8 * 0.00000001 AS break_even_price,
       mark_price_e8 * 0.00000001 AS mark_price,
       unrealized_pnl_e8 * 0.00000001 AS unrealized_pnl,
       unrealized_pnl_usd_e8 * 0.00000001 AS unrealized_pnl_usd,
       liquidation_price_e8 * 0.00000001 AS liquidation_price,
       leverage,
       max_quantity_e8 * 0.00000001 AS max_quantity,
       margin_type, auto_add_margin,
       isolated_margin_e8 * 0.00000001 AS isolated_margin,
       isolated_wallet_e8 * 0.00000001 AS isolated_wallet,
       notional_value_e8 * 0.00000001 AS notional_value,
       contract_size_e8 * 0.00000001 AS contract_size,
       contract_source, extra
  FROM valuation_history AS h
 WHERE time_ms = (SELECT max(v.time_ms) FROM valuation AS v WHERE v.account_id = h.account_id AND v.leg_id = h.leg_id)
   AND present = 1;
