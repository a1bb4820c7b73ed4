-- What the margin asset of valuation `v` was worth by its time, whoever asked: the end of a SELECT of `i`.
                   FROM asset_index AS i
                  WHERE i.symbol = v.margin_asset || 'USD' AND i.time_ms <= v.time_ms AND i.index_price_e8 > 0
                  ORDER BY i.time_ms DESC, i.capture_id DESC LIMIT 1
