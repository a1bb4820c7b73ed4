-- The side of the leg of r.symbol that was open at r.time_ms by the poll before, the larger one where both were; where none
-- was, that which traded last.
                (SELECT g.position_side
                   FROM (SELECT l.leg_id,
                                l.position_side,
                                abs(coalesce(p.position_amount_e8, 0)) AS size_e8,
                                (SELECT max(t.time_ms)
                                   FROM trade AS t
                                  WHERE t.leg_id = l.leg_id AND t.time_ms <= r.time_ms) AS traded_ms
                           FROM account AS a
                          CROSS JOIN contract AS c ON c.product = a.product AND c.symbol = r.symbol
                          CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
                           LEFT JOIN valuation AS v
                             ON v.leg_id = l.leg_id
                            AND v.time_ms = (SELECT max(w.time_ms)
                                               FROM valuation AS w
                                              WHERE w.leg_id = l.leg_id AND w.time_ms < r.time_ms)
                           LEFT JOIN position AS p
                             ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
                          WHERE a.name = r.account) AS g
                  ORDER BY g.size_e8 DESC, g.traded_ms DESC, g.leg_id LIMIT 1)
