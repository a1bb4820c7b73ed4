-- What symbolConfig said last, by its time, of the symbol and account of valuation `v`: the end of a SELECT of `k`.
                   FROM symbol_config AS k
                  WHERE k.account_id = v.account_id AND k.contract_id = v.contract_id AND k.time_ms <= v.time_ms
                  ORDER BY k.time_ms DESC LIMIT 1
