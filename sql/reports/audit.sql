-- What an auditor needs to know of each account's range: how many polls it has, the captures of the first
-- and the last of them, and the chain's head before the one and at the other. LIMIT -1 keeps the counting from
-- looking up bodies. After with_range.
, bound AS (
    SELECT a.account,
           a.from_ms,
           a.to_ms,
           (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms >= a.from_ms
             ORDER BY p.received_ms LIMIT 1) AS first_capture,
           (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms <= a.to_ms
             ORDER BY p.received_ms DESC LIMIT 1) AS last_capture
      FROM asked AS a
)
SELECT b.account,
       f.received AS first_received,
       z.received AS last_received,
       (SELECT count(*)
          FROM (SELECT 1
                  FROM poll_log
                 WHERE account = b.account AND received_ms BETWEEN b.from_ms AND b.to_ms
                   AND outcome = 'ok'
                 LIMIT -1)) AS good_polls,
       (SELECT count(*)
          FROM (SELECT 1
                  FROM poll_log
                 WHERE account = b.account AND received_ms BETWEEN b.from_ms AND b.to_ms
                   AND outcome <> 'ok'
                 LIMIT -1)) AS failed_polls,
       b.first_capture,
       b.last_capture,
       coalesce((SELECT p.chain FROM capture_log AS p WHERE p.capture_id = b.first_capture - 1),
                '(the chain begins here)') AS head_before,
       z.chain AS head_at_end
  FROM bound AS b
 CROSS JOIN poll_log AS f ON f.capture_id = b.first_capture
 CROSS JOIN poll_log AS z ON z.capture_id = b.last_capture
 ORDER BY b.account;
