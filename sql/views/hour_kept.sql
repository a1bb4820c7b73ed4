-- The hours of each leg that are over, as summed up then (table leg_hour), in integers. `gaps`: of the account's
-- polls, that end in the hour.
CREATE VIEW hour_kept AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       l.leg_id,
       h.hour_ms,
       h.first_ms,
       h.last_ms,
       h.valuations,
       h.findings,
       o.gaps,
       h.unrealized_pnl_first_e8,
       h.unrealized_pnl_last_e8,
       h.unrealized_pnl_min_e8,
       h.unrealized_pnl_max_e8,
       h.unrealized_pnl_usd_first_e8,
       h.unrealized_pnl_usd_last_e8,
       h.unrealized_pnl_usd_min_e8,
       h.unrealized_pnl_usd_max_e8,
       h.isolated_margin_first_e8,
       h.isolated_margin_last_e8,
       h.isolated_margin_min_e8,
       h.isolated_margin_max_e8,
       h.initial_margin_first_e8,
       h.initial_margin_last_e8,
       h.initial_margin_min_e8,
       h.initial_margin_max_e8,
       h.liquidation_distance_first_e8,
       h.liquidation_distance_last_e8,
       h.liquidation_distance_min_e8,
       h.liquidation_distance_max_e8
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN leg_hour AS h ON h.leg_id = l.leg_id
  LEFT JOIN poll_hour AS o ON o.account_id = l.account_id AND o.hour_ms = h.hour_ms;
