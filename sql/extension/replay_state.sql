-- The states of one leg, from the one that holds at :at_ms on, and from when each holds.
SELECT h.position_amount_e8 / 1e8 AS position_amount,
       h.entry_price_e8 / 1e8 AS entry_price,
       h.mark_price_e8 / 1e8 AS mark_price,
       h.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       h.margin_asset,
       h.unrealized_pnl_usd_e8 / 1e8 AS unrealized_pnl_usd,
       h.leverage,
       h.margin_type,
       h.liquidation_price_e8 / 1e8 AS liquidation_price,
       h.contract_size_e8 / 1e8 AS contract_size,
       h.time_ms
  FROM valuation_history AS h
 WHERE h.account = :account
   AND h.symbol = :symbol
   AND h.position_side = :side
   AND h.time_ms >= coalesce((SELECT max(t.time_ms) FROM valuation AS t WHERE t.leg_id = :leg_id AND t.time_ms <= :at_ms),
                             :at_ms)
 ORDER BY h.time_ms;
