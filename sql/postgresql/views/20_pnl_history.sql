-- The unrealized PnL of each leg at each poll, as reported, and as computed from amount, entry and mark.
CREATE VIEW pnl_history AS
SELECT account, symbol, pair, margin_asset, position_side, time_ms,
       to_char(to_timestamp(time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       update_ms,
       position_amount_e8 * 0.00000001 AS position_amount,
       entry_price_e8 * 0.00000001 AS entry_price,
       break_even_price_e8 * 0.00000001 AS break_even_price,
       mark_price_e8 * 0.00000001 AS mark_price,
       unrealized_pnl_e8 * 0.00000001 AS unrealized_pnl,
       unrealized_pnl_usd_e8 * 0.00000001 AS unrealized_pnl_usd,
       expected_pnl_e8 * 0.00000001 AS expected_pnl,
       (unrealized_pnl_e8 - expected_pnl_e8) * 0.00000001 AS pnl_difference,
       pnl_tolerance
  FROM valuation_history;
