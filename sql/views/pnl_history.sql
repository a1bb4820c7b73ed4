-- The unrealized PnL of each leg at each poll, as reported, and as computed from amount, entry and mark
-- (valuation_history has the formulas).
CREATE VIEW pnl_history AS
SELECT account,
       symbol,
       pair,
       margin_asset,
       position_side,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       update_ms,
       position_amount_e8 / 1e8 AS position_amount,
       entry_price_e8 / 1e8 AS entry_price,
       break_even_price_e8 / 1e8 AS break_even_price,
       mark_price_e8 / 1e8 AS mark_price,
       unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       unrealized_pnl_usd_e8 / 1e8 AS unrealized_pnl_usd,
       expected_pnl_e8 / 1e8 AS expected_pnl,
       (unrealized_pnl_e8 - expected_pnl_e8) / 1e8 AS pnl_difference,
       pnl_tolerance
  FROM valuation_history;
