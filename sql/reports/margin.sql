-- The margin of each leg at each sample, and how close it came to liquidation since the sample before.
-- After with_polls, with_range, with_samples, with_legs, with_points and with_parts.
, margined (account, symbol, position_side, margin_asset, number, shown_ms, covered, position_amount, margin_type,
            leverage, isolated_margin, initial_margin, mark_price, liquidation_price,
            liquidation_distance, distance_min) AS (
    SELECT t.account, t.symbol, t.position_side, t.margin_asset, t.number, t.shown_ms, t.covered,
           t.position_amount, m.margin_type, m.leverage, m.isolated_margin, m.initial_margin,
           m.mark_price, m.liquidation_price, m.liquidation_distance,
           (SELECT min(distance)
              FROM (SELECT liquidation_distance_min_e8 / 1e8 AS distance
                      FROM leg_hour
                     WHERE leg_id = t.leg_id
                       AND hour_ms BETWEEN t.hour_ms AND t.last_hour_ms
                     UNION ALL
                    SELECT liquidation_distance
                      FROM (SELECT t.since_ms AS from_ms, min(t.at_ms, t.hour_ms - 1) AS to_ms
                             UNION ALL
                            SELECT max(t.hour_ms, t.last_hour_ms + 3600000), t.at_ms) AS e
                     CROSS JOIN valuation_history AS v
                        ON (v.account, v.symbol, v.position_side) = (t.account, t.symbol, t.position_side)
                       AND v.time_ms BETWEEN e.from_ms AND e.to_ms))
      FROM part AS t
     CROSS JOIN margin_history AS m
        ON (m.account, m.symbol, m.position_side) = (t.account, t.symbol, t.position_side)
       AND m.time_ms = t.at_ms
     WHERE t.number > 0
    UNION ALL
    SELECT account, symbol, position_side, margin_asset, number, shown_ms, covered,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM valued
     WHERE at_ms IS NULL AND number > 0
)
SELECT account,
       symbol,
       position_side,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       position_amount,
       margin_type,
       leverage,
       margin_asset,
       isolated_margin,
       round(initial_margin * 1e8) / 1e8 AS initial_margin,
       mark_price,
       liquidation_price,
       round(liquidation_distance * 1e8) / 1e8 AS liquidation_distance,
       round(distance_min * 1e8) / 1e8 AS liquidation_distance_min,
       covered
  FROM margined
 ORDER BY account, symbol, position_side, number;
