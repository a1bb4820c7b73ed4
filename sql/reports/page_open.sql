-- What is open at the range's end: each position's last valuation before it, the largest first. After with_page and
-- with_range.
SELECT v.account,
       v.symbol,
       v.unrealized_pnl_usd_e8 / 1e8 AS unrealized_pnl_usd,
       v.liquidation_distance,
       v.position_side,
       v.position_amount_e8 / 1e8 AS position_amount,
       v.notional_usd_e8 / 1e8 AS notional_usd,
       v.entry_price_e8 / 1e8 AS entry_price,
       v.mark_price_e8 / 1e8 AS mark_price,
       v.liquidation_price_e8 / 1e8 AS liquidation_price,
       v.leverage,
       v.margin_type,
       v.time_ms
  FROM asked AS a
 CROSS JOIN leg_range AS r ON r.account = a.account
 CROSS JOIN valuation_history AS v
    ON (v.account, v.symbol, v.position_side) = (r.account, r.symbol, r.position_side)
   AND v.time_ms = (SELECT max(t.time_ms) FROM valuation AS t WHERE t.leg_id = r.leg_id AND t.time_ms < a.to_ms)
 WHERE v.position_amount_e8 <> 0
   AND (:symbol IS NULL OR r.symbol = :symbol)
   AND (:side IS NULL OR r.position_side = :side)
 ORDER BY abs(v.notional_usd_e8) DESC, v.account, v.symbol, v.position_side;
