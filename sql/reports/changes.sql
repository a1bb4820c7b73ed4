-- The ledger: what happened to each position in the range, before and after, by polls and stream together;
-- `source` says who told it. `time` is the exchange's updateTime where that moved with the change, else
-- when it was first seen. `held_s` is how long the position had been held by then, in seconds, from its
-- opening or flip; a position that was open when recording began counts from its updateTime then.
-- `average_entry_price` is that of the position as it is now, or of the one that was closed. Flat legs
-- seen for the first time are shown with :all. Rows past :first_rows are counted alone.
-- What a position was left at, `exit_price` (an average that keeps the value: of an inverse contract sum of contracts /
-- sum of contracts / price, of a linear one sum of contracts x price / sum of contracts), and what that realized: by the leg's trades since the change before, NULL where they do not
-- come to this one. Of changes of one millisecond each has the trades that lie between its amounts.
-- Of happened and changes_counted.
WITH RECURSIVE
-- What the answer lists, in its order.
listed AS MATERIALIZED (
    SELECT h.rowid AS id, h.*, a.name AS account, c.symbol, l.position_side
      FROM happened AS h
     CROSS JOIN leg AS l ON l.leg_id = h.leg_id
     CROSS JOIN account AS a ON a.account_id = l.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     CROSS JOIN capture AS s ON s.capture_id = h.capture_id
     WHERE h.is_shown
     ORDER BY s.received_ms, a.name, c.symbol, l.position_side, h.time_ms, h.capture_id
     LIMIT coalesce(:first_rows, -1)
),
-- When each was opened, and what came before it, of those up to the last that is listed.
since AS MATERIALIZED (
    SELECT h.rowid AS id,
           h.leg_id,
           h.time_ms,
           h.previous_e8,
           h.leaves,
           max(iif(coalesce(h.position_amount, 0) <> 0 AND h.change IN ('open', 'flip', 'return'), h.time_ms, NULL))
               OVER before AS opened_ms,
           max(h.time_ms) OVER before AS last_ms
      FROM happened AS h
     WHERE h.time_ms <= (SELECT max(time_ms) FROM listed)
    WINDOW before AS (PARTITION BY h.leg_id ORDER BY h.time_ms, h.capture_id
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- The changes of one moment together, of those that leave something.
leaving AS MATERIALIZED (
    SELECT leg_id,
           time_ms,
           max(iif(last_ms < time_ms, last_ms, NULL)) AS before_ms,
           max(iif(last_ms < time_ms, previous_e8, NULL)) AS before_e8, -- the first one's
           count(*) AS together
      FROM since
     WHERE :first_rows IS NULL OR (leg_id, time_ms) IN (SELECT leg_id, time_ms FROM listed)
     GROUP BY leg_id, time_ms
    HAVING max(leaves) AND before_ms IS NOT NULL
),
-- Each trade as it was told last, the exchange's list before the stream.
told AS MATERIALIZED (
    SELECT g.leg_id,
           g.time_ms AS change_ms,
           g.before_e8,
           g.together,
           x.time_ms,
           x.trade_id,
           CASE x.side WHEN 'BUY' THEN x.quantity_e8 WHEN 'SELL' THEN -x.quantity_e8 END AS quantity_e8,
           x.price_e8,
           x.realized_pnl_e8,
           max(((x.source = 'rest') << 62) + (x.capture_id << 20) + x.revision)
      FROM leaving AS g
     CROSS JOIN trade AS x ON x.leg_id = g.leg_id AND x.time_ms > g.before_ms AND x.time_ms <= g.time_ms
     GROUP BY g.leg_id, g.time_ms, +x.trade_id
),
-- What the trades of a change came to, and how much of each left the position.
explained AS MATERIALIZED (
    SELECT id,
           iif(min(coalesce(price_e8, 0)) > 0,
               CAST(round(iif(is_linear,
                              sum(exit_e8 * (price_e8 * 1.0)) / sum(exit_e8),
                              sum(exit_e8) / sum(exit_e8 * 1.0 / price_e8))) AS INTEGER), NULL) AS exit_price_e8,
           iif(count(*) = count(realized_pnl_e8), sum(realized_pnl_e8), NULL) AS realized_pnl_e8
      FROM (SELECT *,
                   iif((after_e8 - quantity_e8 < 0) = (after_e8 < 0) OR after_e8 = 0,
                       max(abs(after_e8 - quantity_e8) - abs(after_e8), 0),
                       abs(after_e8 - quantity_e8)) AS exit_e8
              FROM (SELECT h.rowid AS id,
                           h.is_linear,
                           h.previous_e8,
                           h.amount_e8,
                           t.together,
                           t.quantity_e8,
                           t.price_e8,
                           t.realized_pnl_e8,
                           t.before_e8
                               + sum(t.quantity_e8) OVER (PARTITION BY h.leg_id, h.time_ms, h.capture_id
                                                          ORDER BY t.time_ms, CAST(t.trade_id AS INTEGER), t.trade_id
                                                          ROWS UNBOUNDED PRECEDING) AS after_e8
                      FROM happened AS h
                     CROSS JOIN told AS t ON t.leg_id = h.leg_id AND t.change_ms = h.time_ms
                     WHERE h.leaves))
     WHERE together = 1
        OR (after_e8 <> previous_e8 AND after_e8 BETWEEN min(previous_e8, amount_e8) AND max(previous_e8, amount_e8))
     GROUP BY id
    HAVING sum(quantity_e8) = amount_e8 - previous_e8
),
beyond (row_count) AS (
    SELECT row_count - :first_rows FROM changes_counted
    UNION ALL
    SELECT row_count - 1 FROM beyond WHERE row_count > 1
)
SELECT h.account,
       strftime('%Y-%m-%dT%H:%M:%fZ', h.time_ms / 1000.0, 'unixepoch') AS time,
       h.symbol,
       h.position_side,
       h.change,
       h.previous_position_amount,
       h.position_amount,
       h.amount_change,
       h.previous_entry_price,
       h.entry_price,
       iif(coalesce(h.position_amount, 0) <> 0, h.entry_price, nullif(h.previous_entry_price, 0))
           AS average_entry_price,
       iif(h.previous_position_amount <> 0, (h.time_ms - o.opened_ms) / 1000.0, NULL) AS held_s,
       h.previous_leverage,
       h.leverage,
       h.previous_margin_type,
       h.margin_type,
       h.source,
       h.capture_id,
       e.exit_price_e8 / 1e8 AS exit_price,
       e.realized_pnl_e8 / 1e8 AS realized_pnl
  FROM listed AS h
 CROSS JOIN since AS o ON o.id = h.id
  LEFT JOIN explained AS e ON e.id = h.id
 UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM beyond
 WHERE row_count > 0;
