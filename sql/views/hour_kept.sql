-- The hours of each leg that are over, as summed up then (table leg_hour), in integers.
CREATE VIEW hour_kept AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side, h.*
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN leg_hour AS h ON h.leg_id = l.leg_id;
