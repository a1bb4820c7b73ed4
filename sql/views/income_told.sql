-- Everything that changed a wallet, as it was told last, in integers and without its price: what is added up needs
-- no more.
CREATE VIEW income_told AS
SELECT a.name AS account, a.product, i.*
  FROM account AS a
 CROSS JOIN income AS i ON i.account_id = a.account_id
 WHERE
--include income_last
;
