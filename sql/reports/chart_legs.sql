-- The legs to draw for :account. After with_range and with_legs.
SELECT l.symbol || iif(l.position_side = 'BOTH', '', ' ' || l.position_side) AS label,
       l.symbol,
       l.position_side
  FROM asked_leg AS l
 ORDER BY l.symbol, l.position_side;
