-- The legs that a report is about, after with_range: those that were open in the range at some poll, or traded;
-- with :all the flat ones too.
, leg (account, symbol, position_side, margin_asset, leg_id) AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.margin_asset, r.leg_id
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
       AND r.from_ms <= a.to_ms
       AND (:all OR EXISTS (SELECT 1
                              FROM pnl_history AS h
                             WHERE (h.account, h.symbol, h.position_side) = (r.account, r.symbol, r.position_side)
                               AND h.time_ms BETWEEN a.from_ms AND a.to_ms
                               AND (h.position_amount <> 0
                                    OR (h.position_amount IS NULL AND h.mark_price IS NOT NULL)))
                 OR EXISTS (SELECT 1
                              FROM trade_told AS t
                             WHERE (t.account, t.symbol, t.position_side) = (r.account, r.symbol, r.position_side)
                               AND t.time_ms BETWEEN a.from_ms AND a.to_ms))
)
