-- The margin of each leg at each poll. maintenance_margin: what the last answer of `account` before said.
CREATE VIEW margin_history AS
SELECT account, symbol, pair, margin_asset, position_side, time_ms,
       to_char(to_timestamp(time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       update_ms, margin_type, leverage,
       isolated_margin_e8 * 0.00000001 AS isolated_margin,
       isolated_wallet_e8 * 0.00000001 AS isolated_wallet,
       notional_value_e8 * 0.00000001 AS notional_value,
       initial_margin,
       (SELECT m.maintenance_margin_e8
          FROM leg_margin AS m
         WHERE m.account_id = h.account_id AND m.leg_id = h.leg_id AND m.time_ms <= h.time_ms
         ORDER BY m.time_ms DESC LIMIT 1) * 0.00000001 AS maintenance_margin,
       liquidation_price_e8 * 0.00000001 AS liquidation_price,
       mark_price_e8 * 0.00000001 AS mark_price,
       liquidation_distance
  FROM valuation_history AS h;
