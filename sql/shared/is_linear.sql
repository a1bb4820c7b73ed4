-- Whether contract `c` is linear: what its product's description says (model/product.h), for SQL.
                c.product = 'usd-m'
