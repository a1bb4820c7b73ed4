-- Whether income `i` is as it was told last.
                     i.revision = (SELECT max(x.revision)
                                     FROM income AS x
                                    WHERE x.account_id = i.account_id
                                      AND x.time_ms = i.time_ms
                                      AND x.income_type = i.income_type
                                      AND x.tran_id = i.tran_id
                                      AND x.asset = i.asset
                                      AND x.symbol = i.symbol)
