-- Every state of each leg by the exchange's own time, polls and stream together. `source` says who told
-- it: poll, stream, or both the same updateTime. `time_ms` is since when it held: the updateTime, but
-- for what changed while that stood still, which holds since it was seen. What only a poll tells
-- (leverage) is NULL where only the stream told.
CREATE VIEW position_timeline AS
SELECT account, symbol, pair, margin_asset, position_side,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       update_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', nullif(update_ms, 0) / 1000.0, 'unixepoch') AS update_time,
       revision,
       source,
       first_seen_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', first_seen_ms / 1000.0, 'unixepoch') AS first_seen,
       position_amount, entry_price, break_even_price, leverage, margin_type, isolated_wallet, present,
       capture_id
  FROM timeline_row;
