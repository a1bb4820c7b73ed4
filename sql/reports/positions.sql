-- The legs as they stood before :to_ms: of each its last valuation then. A leg that had
-- vanished by then has neither amount nor mark price there; one whose amount could not be read is no flat one. `as_of`: the
-- account's last good poll then; `recorded`: 0 where nothing is recorded of the moment, in a hole or later. After with_moment.
SELECT h.account,
       h.symbol,
       h.position_side,
       h.position_amount,
       h.entry_price,
       h.mark_price,
       h.unrealized_pnl,
       h.margin_asset,
       h.unrealized_pnl_usd,
       m.leverage,
       m.margin_type,
       m.liquidation_price,
       h.time,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.as_of_ms / 1000.0, 'unixepoch') AS as_of,
       o.recorded
  FROM moment AS o
 CROSS JOIN leg_range AS r ON r.account = o.account
  CROSS JOIN pnl_history AS h
    ON (h.account, h.symbol, h.position_side) = (r.account, r.symbol, r.position_side)
   AND h.time_ms = (SELECT t.time_ms
                      FROM pnl_history AS t
                     WHERE (t.account, t.symbol, t.position_side) = (r.account, r.symbol, r.position_side)
                       AND t.time_ms < :to_ms
                     ORDER BY t.time_ms DESC
                     LIMIT 1)
  CROSS JOIN margin_history AS m
    ON (m.account, m.symbol, m.position_side) = (h.account, h.symbol, h.position_side)
   AND m.time_ms = h.time_ms
 WHERE (h.position_amount <> 0
        OR (h.position_amount IS NULL AND h.mark_price IS NOT NULL)
        OR (:all AND h.position_amount IS NOT NULL))
 ORDER BY h.account, h.symbol, h.position_side;
