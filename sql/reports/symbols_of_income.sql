-- The symbols that only income names.
SELECT DISTINCT symbol
  FROM income_told
 WHERE symbol <> '' AND symbol NOT IN (SELECT symbol FROM leg_range)
 ORDER BY symbol;
