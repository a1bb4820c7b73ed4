-- The legs as they stood before :to_ms: of each its last valuation then. A leg that had
-- vanished by then has neither amount nor mark price there; one whose amount could not be read is no flat one. `as_of`: the
-- account's last good poll then; `recorded`: 0 where nothing is recorded of the moment, in a hole or later. After with_moment.
SELECT h.account,
       h.symbol,
       h.position_side,
       h.position_amount_e8 / 1e8 AS position_amount,
       h.entry_price_e8 / 1e8 AS entry_price,
       h.mark_price_e8 / 1e8 AS mark_price,
       h.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       h.margin_asset,
       h.unrealized_pnl_usd_e8 / 1e8 AS unrealized_pnl_usd,
       h.leverage,
       h.margin_type,
       h.liquidation_price_e8 / 1e8 AS liquidation_price,
       strftime('%Y-%m-%dT%H:%M:%fZ', h.time_ms / 1000.0, 'unixepoch') AS time,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.as_of_ms / 1000.0, 'unixepoch') AS as_of,
       o.recorded
  FROM moment AS o
 CROSS JOIN leg_range AS r ON r.account = o.account
 CROSS JOIN valuation_history AS h
    ON (h.account, h.symbol, h.position_side) = (r.account, r.symbol, r.position_side)
   AND h.time_ms = (SELECT max(t.time_ms) FROM valuation AS t WHERE t.leg_id = r.leg_id AND t.time_ms < :to_ms)
 WHERE (h.position_amount_e8 <> 0
        OR (h.position_amount_e8 IS NULL AND h.mark_price_e8 IS NOT NULL)
        OR (:all AND h.position_amount_e8 IS NOT NULL))
 ORDER BY h.account, h.symbol, h.position_side;
