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
 WHERE
--include income_last
;
