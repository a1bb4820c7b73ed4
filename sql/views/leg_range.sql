-- Every leg ever seen, and from when to when it has valuations.
CREATE VIEW leg_range AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       c.contract_size_e8 / 1e8 AS contract_size,
       (SELECT min(time_ms) FROM valuation WHERE leg_id = l.leg_id) AS from_ms,
       (SELECT max(time_ms) FROM valuation WHERE leg_id = l.leg_id) AS to_ms,
       l.leg_id
  FROM account AS a
  JOIN contract AS c ON c.product = a.product
  JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id;
