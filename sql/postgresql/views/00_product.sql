-- The products, and whether their contracts are linear: what their descriptions say (model/product.h), for SQL.
CREATE VIEW product AS
SELECT p.name, p.is_linear
  FROM (VALUES ('coin-m'::text, false), ('usd-m'::text, true)) AS p (name, is_linear);
