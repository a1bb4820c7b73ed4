-- The side of the leg whose trade made income `r`; NULL where it names no trade that is known. Where legs of both sides
-- have it, that which userTrades told last, else the stream.
               (SELECT l.position_side
                  FROM contract AS c
                 CROSS JOIN leg AS l ON l.account_id = r.account_id AND l.contract_id = c.contract_id
                 CROSS JOIN trade AS t INDEXED BY trade_by_id
                    ON t.leg_id = l.leg_id AND t.trade_id = r.trade_id
                 WHERE c.product = r.product AND c.symbol = r.symbol AND r.trade_id <> ''
                 ORDER BY t.source, t.capture_id DESC, l.position_side LIMIT 1)
