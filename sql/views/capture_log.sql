-- Everything that was received, and why nothing was: every capture in words.
CREATE VIEW capture_log AS
SELECT s.capture_id,
       a.name AS account,
       s.endpoint,
       s.received_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.received_ms / 1000.0, 'unixepoch') AS received,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.due_ms / 1000.0, 'unixepoch') AS due,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.sent_ms / 1000.0, 'unixepoch') AS sent,
       s.received_ms - s.sent_ms AS latency_ms,
       s.clock_offset_ms,
       s.interval_ms,
       s.attempt,
       s.outcome,
       s.http_status,
       s.api_code,
       s.detail,
       s.used_weight,
       s.request,
       s.row_count,
       y.size AS body_size,
       length(y.zstd) AS stored_size,
       s.chain
  FROM capture_read AS s
  JOIN account AS a ON a.account_id = s.account_id
  LEFT JOIN payload AS y ON y.payload_id = s.payload_id;
