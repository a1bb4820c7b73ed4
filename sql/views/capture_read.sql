-- The captures as they are read now: `capture` says how each was read when it was recorded, and `reading` where that is
-- otherwise by now.
CREATE VIEW capture_read AS
SELECT s.capture_id,
       s.account_id,
       s.endpoint,
       s.due_ms,
       s.sent_ms,
       s.received_ms,
       s.clock_offset_ms,
       s.interval_ms,
       s.attempt,
       coalesce(r.outcome, s.outcome) AS outcome,
       s.http_status,
       s.api_code,
       iif(r.capture_id IS NULL, s.detail, r.detail) AS detail,
       s.used_weight,
       s.request,
       coalesce(r.row_count, s.row_count) AS row_count,
       s.payload_id,
       lower(hex(s.chain)) AS chain
  FROM capture AS s
  LEFT JOIN reading AS r ON r.capture_id = s.capture_id;
