-- The legs that a report is about, after with_range: those that were open at some poll of the range, or at the last
-- before it, or traded in it; with :all the flat ones too.
, asked_leg (account, symbol, position_side, margin_asset, leg_id) AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.margin_asset, r.leg_id
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
       AND r.from_ms < a.to_ms
       AND (:all OR EXISTS (SELECT 1
                              FROM pnl_history AS h
                             WHERE (h.account, h.symbol, h.position_side) = (r.account, r.symbol, r.position_side)
                               AND h.time_ms >= coalesce((SELECT p.received_ms
                                                            FROM source AS p
                                                           WHERE p.account = a.account
                                                             AND p.outcome = 'ok'
                                                             AND p.received_ms < a.from_ms
                                                           ORDER BY p.received_ms DESC LIMIT 1), a.from_ms)
                               AND h.time_ms < a.to_ms
                               AND (h.position_amount <> 0
                                    OR (h.position_amount IS NULL AND h.mark_price IS NOT NULL)))
                 OR EXISTS (SELECT 1
                              FROM trade_told AS t
                             WHERE (t.account, t.symbol, t.position_side) = (r.account, r.symbol, r.position_side)
                               AND t.time_ms >= a.from_ms
                               AND t.time_ms < a.to_ms))
)
