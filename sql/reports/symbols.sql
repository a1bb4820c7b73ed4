-- Every symbol of which there is a leg.
SELECT DISTINCT symbol FROM leg_range ORDER BY symbol;
