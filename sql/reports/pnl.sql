-- The unrealized PnL of each leg at each sample: what it was, how it changed since the range's start, and
-- the lowest and highest since the sample before. These extremes are packed at 10^8, so that one reading
-- gives all four; LIMIT -1 keeps the inner query from being merged into the outer, which would look up
-- each valuation's position for nothing. After with_range, with_samples, with_legs
-- and with_points.
, valued (account, symbol, position_side, margin_asset, number, shown_ms, position_amount, entry_price,
          mark_price, unrealized_pnl, unrealized_pnl_usd, extremes) AS (
    SELECT p.account, p.symbol, p.position_side, p.margin_asset, p.number, p.shown_ms,
           h.position_amount, h.entry_price, h.mark_price, h.unrealized_pnl, h.unrealized_pnl_usd, NULL
      FROM point AS p
     CROSS JOIN pnl_history AS h
        ON h.account = p.account
       AND h.symbol = p.symbol
       AND h.position_side = p.position_side
       AND h.time_ms = p.at_ms
     WHERE p.number = 0
    UNION ALL
    SELECT p.account, p.symbol, p.position_side, p.margin_asset, p.number, p.shown_ms,
           h.position_amount, h.entry_price, h.mark_price, h.unrealized_pnl, h.unrealized_pnl_usd,
           (SELECT json_array(CAST(round(min(x.unrealized_pnl) * 1e8) AS INTEGER),
                              CAST(round(max(x.unrealized_pnl) * 1e8) AS INTEGER),
                              CAST(round(min(x.unrealized_pnl_usd) * 1e8) AS INTEGER),
                              CAST(round(max(x.unrealized_pnl_usd) * 1e8) AS INTEGER))
              FROM (SELECT unrealized_pnl, unrealized_pnl_usd
                      FROM pnl_history
                     WHERE account = p.account
                       AND symbol = p.symbol
                       AND position_side = p.position_side
                       AND time_ms BETWEEN p.since_ms AND p.until_ms
                     LIMIT -1) AS x)
      FROM point AS p
     CROSS JOIN pnl_history AS h
        ON h.account = p.account
       AND h.symbol = p.symbol
       AND h.position_side = p.position_side
       AND h.time_ms = p.at_ms
     WHERE p.number > 0
    UNION ALL
    SELECT account, symbol, position_side, margin_asset, number, shown_ms,
           NULL, NULL, NULL, NULL, NULL, NULL
      FROM point
     WHERE at_ms IS NULL
)
SELECT account,
       symbol,
       position_side,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       position_amount,
       entry_price,
       mark_price,
       margin_asset,
       unrealized_pnl,
       round((unrealized_pnl - start_pnl) * 1e8) / 1e8 AS change,
       json_extract(extremes, '$[0]') / 1e8 AS min,
       json_extract(extremes, '$[1]') / 1e8 AS max,
       unrealized_pnl_usd,
       round((unrealized_pnl_usd - start_pnl_usd) * 1e8) / 1e8 AS change_usd,
       json_extract(extremes, '$[2]') / 1e8 AS min_usd,
       json_extract(extremes, '$[3]') / 1e8 AS max_usd
  FROM (SELECT v.*,
               first_value(v.unrealized_pnl) OVER leg AS start_pnl,
               first_value(v.unrealized_pnl_usd) OVER leg AS start_pnl_usd
          FROM valued AS v
        WINDOW leg AS (PARTITION BY v.account, v.symbol, v.position_side ORDER BY v.number))
 WHERE number > 0
 ORDER BY account, symbol, position_side, number;
