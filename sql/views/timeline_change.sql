-- The rows of position_timeline with what was before: what happened to each position, by the exchange's
-- times.
CREATE VIEW timeline_change AS
SELECT account, symbol, pair, margin_asset, position_side,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       update_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', nullif(update_ms, 0) / 1000.0, 'unixepoch') AS update_time,
       revision,
       source,
       (SELECT min(s.received_ms) FROM capture AS s WHERE s.capture_id IN (r.capture_id, r.other_capture_id)) AS first_seen_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ',
                (SELECT min(s.received_ms) FROM capture AS s WHERE s.capture_id IN (r.capture_id, r.other_capture_id))
                    / 1000.0, 'unixepoch') AS first_seen,
       position_amount, entry_price, break_even_price, leverage, margin_type, isolated_wallet, present,
       capture_id,
       previous_position_amount, previous_entry_price, previous_leverage, previous_margin_type, previous_present,
       CASE
           WHEN present = 0 AND position_amount IS NULL THEN 'vanish'
           WHEN previous_present = 0 AND previous_position_amount IS NULL THEN 'return'
           WHEN position_amount IS NULL THEN NULL
           WHEN previous_present IS NULL THEN iif(position_amount = 0, 'seen', 'open')
           WHEN previous_position_amount IS NULL THEN NULL
           WHEN previous_position_amount = position_amount THEN 'settings'
           WHEN previous_position_amount = 0 THEN 'open'
           WHEN position_amount = 0 THEN 'close'
           WHEN (position_amount > 0) <> (previous_position_amount > 0) THEN 'flip'
           WHEN abs(position_amount) > abs(previous_position_amount) THEN 'increase'
           ELSE 'reduce'
       END AS change,
       iif(previous_present IS NULL, position_amount, round(position_amount - previous_position_amount, 8))
           AS amount_change
  FROM (SELECT t.*,
               lag(t.position_amount) OVER before AS previous_position_amount,
               lag(t.entry_price) OVER before AS previous_entry_price,
               lag(t.leverage) OVER before AS previous_leverage,
               lag(t.margin_type) OVER before AS previous_margin_type,
               lag(t.present) OVER before AS previous_present
          FROM timeline_told AS t
        WINDOW before AS (PARTITION BY t.account, t.symbol, t.position_side
                          ORDER BY t.time_ms, t.capture_id)) AS r;
