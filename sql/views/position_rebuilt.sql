-- Amounts before the first poll, walked back from it through the trades: after each trade up to the first state
-- that a poll showed of a leg, what the leg held. What changed a position without a trade (delivery, a change of
-- position mode) cannot be walked back.
CREATE VIEW position_rebuilt AS
SELECT h.account,
       h.symbol,
       h.pair,
       h.margin_asset,
       h.position_side,
       h.time_ms,
       h.time,
       h.trade_id,
       h.price,
       h.signed_quantity AS amount_change,
       (f.position_amount_e8 - coalesce(sum(h.signed_quantity_e8) OVER later, 0) - h.signed_quantity_e8) / 1e8
           AS previous_position_amount,
       (f.position_amount_e8 - coalesce(sum(h.signed_quantity_e8) OVER later, 0)) / 1e8 AS position_amount,
       h.source,
       h.capture_id
  FROM trade_history AS h
 CROSS JOIN position AS f
    ON f.leg_id = h.leg_id
   AND f.capture_id = (SELECT min(q.capture_id) FROM position AS q WHERE q.leg_id = h.leg_id)
   AND h.time_ms <= f.update_ms
WINDOW later AS (PARTITION BY h.leg_id ORDER BY h.time_ms, CAST(h.trade_id AS INTEGER), h.trade_id
                 ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING);
