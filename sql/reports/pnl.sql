-- The unrealized PnL of each leg at each sample: what it was, how it changed since the range's start, and
-- the lowest and highest since the sample before. These extremes are packed at 10^8, so that one reading
-- gives all four; LIMIT -1 keeps the inner query from being merged into the outer, which would look up
-- each valuation's position for nothing. After with_range, with_samples, with_legs and
-- with_points.
, ranged AS (
    SELECT t.*,
           iif(t.number = 0 OR t.at_ms IS NULL, NULL, (
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
                     LIMIT -1) AS x)) AS extremes
      FROM valued AS t
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
          FROM ranged AS w
        WINDOW leg AS (PARTITION BY w.account, w.symbol, w.position_side ORDER BY w.number))
 WHERE number > 0
 ORDER BY account, symbol, position_side, number;
