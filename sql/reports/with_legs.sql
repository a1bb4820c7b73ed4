-- The legs that a report is about, after with_range: those that were open at some poll of the range, or at the last
-- before it, or traded in it; with :all the flat ones too.
, asked_leg (account, symbol, position_side, margin_asset, leg_id) AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.margin_asset, r.leg_id
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
       AND r.from_ms < a.to_ms
       AND (:all OR EXISTS (SELECT 1
                              FROM valuation AS v
                              LEFT JOIN position AS p
                                ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
                             WHERE v.leg_id = r.leg_id
                               AND v.time_ms >= coalesce((SELECT p.received_ms
                                                            FROM source AS p
                                                           WHERE p.account_id = n.account_id
                                                             AND p.received_ms < a.from_ms
                                                           ORDER BY p.received_ms DESC LIMIT 1), a.from_ms)
                               AND v.time_ms < a.to_ms
                               AND (p.position_amount_e8 <> 0
                                    OR (p.position_amount_e8 IS NULL AND v.mark_price_e8 IS NOT NULL)))
                 OR EXISTS (SELECT 1
                              FROM trade_told AS t
                             WHERE (t.account, t.symbol, t.position_side) = (r.account, r.symbol, r.position_side)
                               AND t.time_ms >= a.from_ms
                               AND t.time_ms < a.to_ms))
)
