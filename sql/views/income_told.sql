-- Everything that changed a wallet, as it was told last, in integers and without its price: what is added up needs
-- no more.
CREATE VIEW income_told AS
SELECT a.name AS account, a.product, i.*
  FROM account AS a
 CROSS JOIN income AS i ON i.account_id = a.account_id
 WHERE i.revision = (SELECT max(x.revision)
                       FROM income AS x
                      WHERE x.account_id = i.account_id
                        AND x.time_ms = i.time_ms
                        AND x.income_type = i.income_type
                        AND x.tran_id = i.tran_id
                        AND x.asset = i.asset
                        AND x.symbol = i.symbol);
