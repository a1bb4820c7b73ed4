-- The legs that have a state before :to_ms, and when they have their first.
SELECT l.leg_id, l.account_id, a.name, c.symbol, l.position_side, min(v.time_ms) AS from_ms
  FROM account AS a
 CROSS JOIN leg AS l ON l.account_id = a.account_id
 CROSS JOIN contract AS c ON c.contract_id = l.contract_id AND c.product = a.product
 CROSS JOIN valuation AS v
    ON v.leg_id = l.leg_id
   AND v.time_ms = (SELECT min(w.time_ms) FROM valuation AS w WHERE w.leg_id = l.leg_id)
   AND v.time_ms < :to_ms
 WHERE :account IS NULL OR a.name = :account
 GROUP BY l.leg_id
 ORDER BY a.name, c.symbol, l.position_side;
