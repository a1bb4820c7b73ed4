-- The steady price of r.asset that was known at r.time_ms: the mark of what told one last, `s`, by a leg's valuation `v`
-- or by premiumIndex `m`. Joined to r; s, v and m are NULL where there is none. Of 2^18 sources each has a bit of its own.
          LEFT JOIN asset_source AS s
            ON s.source_id
               = (SELECT max(coalesce((SELECT w.time_ms
                                         FROM valuation AS w
                                        WHERE w.leg_id = g.leg_id AND w.time_ms <= r.time_ms AND w.mark_price_e8 > 0
                                        ORDER BY w.time_ms DESC LIMIT 1),
                                      (SELECT w.time_ms
                                         FROM mark AS w
                                        WHERE w.contract_id = g.contract_id
                                          AND w.time_ms <= r.time_ms
                                          AND w.mark_price_e8 > 0
                                        ORDER BY w.time_ms DESC LIMIT 1)) << 18 | g.source_id) & 262143
                    FROM asset_source AS g
                   WHERE g.asset = r.asset AND g.first_ms <= r.time_ms AND (g.until_ms IS NULL OR g.until_ms > r.time_ms))
          LEFT JOIN valuation AS v
            ON v.leg_id = s.leg_id
           AND v.time_ms = (SELECT w.time_ms
                              FROM valuation AS w
                             WHERE w.leg_id = s.leg_id AND w.time_ms <= r.time_ms AND w.mark_price_e8 > 0
                             ORDER BY w.time_ms DESC LIMIT 1)
          LEFT JOIN mark AS m
            ON m.contract_id = s.contract_id
           AND (m.time_ms, m.capture_id) = (SELECT w.time_ms, w.capture_id
                                              FROM mark AS w
                                             WHERE w.contract_id = s.contract_id
                                               AND w.time_ms <= r.time_ms
                                               AND w.mark_price_e8 > 0
                                             ORDER BY w.time_ms DESC, w.capture_id DESC LIMIT 1)
