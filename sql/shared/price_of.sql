-- The steady price of r.asset that was known at r.time_ms, joined to r: the mark of what told one last, by a leg's valuation
-- `v` or else by premiumIndex `m`, or, while no contract's was ever known, the asset's index `x`; NULL where there is none. What told last is chosen once for each r: by its
-- time, and of 2^18 sources each has bits of its own.
          LEFT JOIN valuation AS v
            ON (v.leg_id, v.time_ms)
               = (SELECT g.leg_id,
                         max(coalesce((SELECT w.time_ms
                                         FROM valuation AS w
                                        WHERE w.leg_id = g.leg_id AND w.time_ms <= r.time_ms AND w.mark_price_e8 > 0
                                        ORDER BY w.time_ms DESC LIMIT 1),
                                      (SELECT w.time_ms
                                         FROM mark AS w
                                        WHERE w.contract_id = g.contract_id
                                          AND w.time_ms <= r.time_ms
                                          AND w.mark_price_e8 > 0
                                        ORDER BY w.time_ms DESC LIMIT 1)) << 18 | g.source_id) >> 18
                    FROM asset_source AS g
                   WHERE g.asset = r.asset
                     AND g.first_ms <= r.time_ms
                     AND (g.until_ms IS NULL OR g.until_ms > r.time_ms))
          LEFT JOIN mark AS m
            ON (m.contract_id, m.time_ms, m.capture_id)
               = (SELECT w.contract_id, w.time_ms, w.capture_id
                    FROM asset_source AS g
                   CROSS JOIN mark AS w
                      ON w.contract_id = g.contract_id
                     AND w.time_ms = (SELECT max(n.time_ms)
                                        FROM mark AS n
                                       WHERE n.contract_id = g.contract_id
                                         AND n.time_ms <= r.time_ms
                                         AND n.mark_price_e8 > 0)
                     AND w.mark_price_e8 > 0
                   WHERE v.leg_id IS NULL
                     AND g.asset = r.asset
                     AND g.first_ms <= r.time_ms
                     AND (g.until_ms IS NULL OR g.until_ms > r.time_ms)
                   ORDER BY w.time_ms DESC, g.source_id DESC, w.capture_id DESC LIMIT 1)
          LEFT JOIN asset_index AS x
            ON (x.account_id, x.symbol, x.time_ms, x.capture_id)
               = (SELECT w.account_id, w.symbol, w.time_ms, w.capture_id
                    FROM asset_index AS w
                   WHERE v.leg_id IS NULL
                     AND m.contract_id IS NULL
                     AND w.symbol = r.asset || 'USD'
                     AND w.time_ms <= r.time_ms
                     AND w.index_price_e8 > 0
                   ORDER BY w.time_ms DESC, w.capture_id DESC LIMIT 1)
