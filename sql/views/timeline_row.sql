-- The rows of position_timeline without its texts of times.
CREATE VIEW timeline_row AS
SELECT account, symbol, pair, margin_asset, position_side,
       time_ms,
       update_ms,
       revision,
       source,
       (SELECT min(s.received_ms) FROM capture AS s WHERE s.capture_id IN (t.capture_id, t.other_capture_id)) AS first_seen_ms,
       position_amount, entry_price, break_even_price, leverage, margin_type, isolated_wallet, present,
       capture_id
  FROM timeline_told AS t;
