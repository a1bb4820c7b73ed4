-- The ledger: what happened to each position in the range, before and after, by polls and stream together;
-- `source` says who told it. `time` is the exchange's updateTime where that moved with the change, else
-- when it was first seen. `held_s` is how long the position had been held by then, in seconds, from its
-- opening or flip; a position that was open when recording began counts from its updateTime then.
-- `average_entry_price` is that of the position as it is now, or of the one that was closed. Flat legs
-- seen for the first time are shown with :all.
-- After with_range.
-- What is first seen in the range is told by its captures from `first_id` to `last_id`: those of an account, but for what has
-- no body, are in the order of their times.
, bounded AS MATERIALIZED (
    SELECT account, min(first_id) AS first_id, max(last_id) AS last_id
      FROM (SELECT a.account,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms >= a.from_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms, s.capture_id LIMIT 1) AS first_id,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms < a.to_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms DESC, s.capture_id DESC LIMIT 1) AS last_id
              FROM asked AS a
              JOIN account AS n ON n.name = a.account
             CROSS JOIN (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'userData') AS e)
     GROUP BY account
),
happened AS (
    SELECT a.first_id,
           h.account, h.symbol, h.position_side, h.time_ms, h.change, h.amount_change,
           h.previous_position_amount, h.position_amount, h.previous_entry_price, h.entry_price,
           h.previous_leverage, h.leverage, h.previous_margin_type, h.margin_type, h.source, h.capture_id,
           coalesce(h.position_amount, 0) <> 0 AND h.change IN ('open', 'flip', 'return') AS opens
      FROM timeline_change AS h
     CROSS JOIN bounded AS a ON a.account = h.account AND h.capture_id <= a.last_id
     WHERE (:account IS NULL OR h.account = :account)
       AND (:symbol IS NULL OR h.symbol = :symbol)
       AND (:side IS NULL OR h.position_side = :side)
),
held AS (
    SELECT h.*,
           max(iif(h.opens, h.time_ms, NULL)) OVER (
               PARTITION BY h.account, h.symbol, h.position_side ORDER BY h.time_ms, h.capture_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS opened_ms
      FROM happened AS h
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
       iif(h.previous_position_amount <> 0, (h.time_ms - h.opened_ms) / 1000.0, NULL) AS held_s,
       h.previous_leverage,
       h.leverage,
       h.previous_margin_type,
       h.margin_type,
       h.source,
       h.capture_id
  FROM held AS h
 WHERE h.capture_id >= h.first_id
   AND (h.change IS NOT 'seen' OR :all)
 ORDER BY (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = h.capture_id), h.account, h.symbol, h.position_side, h.time_ms, h.capture_id;
