-- The income that names a trade, as it was told last, found by the trade's id.
CREATE VIEW trade_income AS
SELECT a.name AS account,
       i.symbol,
       i.trade_id,
       i.income_type,
       i.income_e8 / 1e8 AS income
  FROM account AS a
 CROSS JOIN income AS i INDEXED BY income_of_trade
    ON i.account_id = a.account_id AND i.trade_id <> ''
 WHERE i.revision = (SELECT max(x.revision)
                       FROM income AS x
                      WHERE x.account_id = i.account_id
                        AND x.time_ms = i.time_ms
                        AND x.income_type = i.income_type
                        AND x.tran_id = i.tran_id
                        AND x.asset = i.asset
                        AND x.symbol = i.symbol);
