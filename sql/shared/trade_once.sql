-- Whether trade `t` is the row of its that trade_history has: no later one of its witness, none of userTrades beside the stream's.
                     NOT EXISTS (SELECT 1
                                   FROM trade AS x INDEXED BY trade_by_id
                                  WHERE x.leg_id = t.leg_id
                                    AND x.trade_id = t.trade_id
                                    AND (x.source < t.source
                                         OR x.source = t.source
                                            AND (x.time_ms, x.revision) <> (t.time_ms, t.revision)
                                            AND (SELECT (y.capture_id, y.revision, y.time_ms) > (t.capture_id, t.revision, t.time_ms)
                                                   FROM trade AS y -- asked of few: the rest is in the index
                                                  WHERE (y.leg_id, y.time_ms, y.trade_id, y.source, y.revision)
                                                        = (x.leg_id, x.time_ms, x.trade_id, x.source, x.revision))))
