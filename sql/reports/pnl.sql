-- The unrealized PnL of each leg at each sample: what it was, how it changed since the range's start, and
-- the lowest and highest since the sample before. These extremes are packed at 10^8, so that one reading
-- gives all four; LIMIT -1 keeps the inner query from being merged into the outer, which would look up
-- each valuation's position for nothing. After with_range, with_samples, with_legs and
-- with_points.
, valued (account, symbol, position_side, margin_asset, number, shown_ms, position_amount, entry_price,
          mark_price, unrealized_pnl, unrealized_pnl_usd, extremes) AS (
    SELECT t.account, t.symbol, t.position_side, t.margin_asset, t.number, t.shown_ms,
           h.position_amount, h.entry_price, h.mark_price, h.unrealized_pnl, h.unrealized_pnl_usd,
           iif(t.number = 0, NULL, (
            SELECT json_array(CAST(round(min(x.unrealized_pnl) * 1e8) AS INTEGER),
                              CAST(round(max(x.unrealized_pnl) * 1e8) AS INTEGER),
                              CAST(round(min(x.unrealized_pnl_usd) * 1e8) AS INTEGER),
                              CAST(round(max(x.unrealized_pnl_usd) * 1e8) AS INTEGER))
              FROM (SELECT unrealized_pnl, unrealized_pnl_usd
                      FROM pnl_history
                     WHERE account = t.account
                       AND symbol = t.symbol
                       AND position_side = t.position_side
                       AND time_ms BETWEEN t.since_ms AND t.until_ms
                     LIMIT -1) AS x))
      FROM point AS t
     CROSS JOIN pnl_history AS h
        ON h.account = t.account
       AND h.symbol = t.symbol
       AND h.position_side = t.position_side
       AND h.time_ms = t.at_ms
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
       margin_asset,
       unrealized_pnl,
       round((unrealized_pnl - start_pnl) * 1e8) / 1e8 AS change,
       json_extract(extremes, '$[0]') / 1e8 AS min,
       json_extract(extremes, '$[1]') / 1e8 AS max,
       unrealized_pnl_usd,
       round((unrealized_pnl_usd - start_pnl_usd) * 1e8) / 1e8 AS change_usd,
       json_extract(extremes, '$[2]') / 1e8 AS min_usd,
       json_extract(extremes, '$[3]') / 1e8 AS max_usd,
       entry_price,
       mark_price
  FROM (SELECT w.*,
               first_value(w.unrealized_pnl) OVER leg AS start_pnl,
               first_value(w.unrealized_pnl_usd) OVER leg AS start_pnl_usd
          FROM valued AS w
        WINDOW leg AS (PARTITION BY w.account, w.symbol, w.position_side ORDER BY w.number))
 WHERE number > 0
 ORDER BY account, symbol, position_side, number;
