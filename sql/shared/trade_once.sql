-- Whether trade `t` is the row of its that trade_history has: no later one of its witness, none of userTrades beside the stream's.
                     NOT EXISTS (SELECT 1
                                   FROM trade AS x INDEXED BY trade_by_id
                                  WHERE x.leg_id = t.leg_id
                                    AND x.trade_id = t.trade_id
                                    AND (x.source < t.source
                                         OR x.source = t.source
                                            AND (x.time_ms, x.revision) <> (t.time_ms, t.revision)
                                            AND (x.capture_id, x.revision, x.time_ms) > (t.capture_id, t.revision, t.time_ms)))
