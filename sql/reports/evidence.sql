-- What shows the legs as they stood before :to_ms: each account's last good poll then, how long nothing was recorded right
-- before it and right after it (0 where the record goes on, NULL where it begins, or ends, there), and the command
-- that proves it to others. After with_moment.
, shown AS (
    SELECT o.account_id,
           o.account,
           o.at_ms,
           s.capture_id,
           s.received_ms,
           s.received,
           (SELECT max(k.to_ms) FROM polls AS k WHERE k.account_id = o.account_id AND k.from_ms < s.received_ms) AS before_ms,
           (SELECT min(k.from_ms) FROM polls AS k WHERE k.account_id = o.account_id AND k.to_ms > s.received_ms) AS after_ms
      FROM moment AS o
     CROSS JOIN capture_log AS s
        ON s.capture_id = (SELECT c.capture_id
                             FROM capture_read AS c
                            WHERE c.account_id = o.account_id
                              AND c.endpoint = 'positionRisk'
                              AND c.outcome = 'ok'
                              AND c.received_ms = o.as_of_ms
                            ORDER BY c.capture_id DESC LIMIT 1)
)
SELECT account,
       strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at,
       capture_id,
       received,
       max(received_ms - before_ms, 0) / 1000.0 AS hole_before_s,
       max(after_ms - received_ms, 0) / 1000.0 AS hole_after_s,
       'posrec prove ' || capture_id || ' --output ' || capture_id || '.proof' AS command
  FROM shown
 ORDER BY account;
