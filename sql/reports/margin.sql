-- The margin of each leg at each sample, and how close it came to liquidation since the sample before.
-- After with_range, with_polls, with_samples, with_legs and with_points.
, margined (account, symbol, position_side, margin_asset, number, shown_ms, position_amount, margin_type,
            leverage, isolated_margin, initial_margin, mark_price, liquidation_price,
            liquidation_distance, liquidation_distance_min) AS (
    SELECT t.account, t.symbol, t.position_side, t.margin_asset, t.number, t.shown_ms,
           t.position_amount, m.margin_type, m.leverage, m.isolated_margin, m.initial_margin,
           m.mark_price, m.liquidation_price, m.liquidation_distance,
           (SELECT min(x.liquidation_distance)
              FROM margin_history AS x
             WHERE x.account = t.account
               AND x.symbol = t.symbol
               AND x.position_side = t.position_side
               AND x.time_ms BETWEEN t.since_ms AND t.until_ms)
      FROM valued AS t
     CROSS JOIN margin_history AS m
        ON m.account = t.account
       AND m.symbol = t.symbol
       AND m.position_side = t.position_side
       AND m.time_ms = t.at_ms
     WHERE t.number > 0
    UNION ALL
    SELECT account, symbol, position_side, margin_asset, number, shown_ms,
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
       round(liquidation_distance_min * 1e8) / 1e8 AS liquidation_distance_min
  FROM margined
 ORDER BY account, symbol, position_side, number;
