-- What an auditor needs to know of each account's range: how many polls it has, the first and the last of the
-- captures that the report stands on, and the chain's head before the one and at the other. Those are what was
-- received in the range, from whatever endpoint, and what told later of a time in it. Polls are counted
-- by the hours that were summed up, and one by one at either end. After with_range and with_money_asked.
, audited AS MATERIALIZED (
    SELECT account_id,
           name AS account,
           coalesce(:from_ms, 0) AS from_ms,
           coalesce(:to_ms, 9e18) AS to_ms
      FROM account
     WHERE :account IS NULL OR name = :account
),
-- What told of a time in it: both ends of its captures by one walk.
told (account, ends) AS MATERIALIZED (
    SELECT a.account,
           (SELECT json_array(min(i.capture_id), max(i.capture_id))
              FROM income AS i
             WHERE i.account_id = a.account_id AND i.time_ms >= a.from_ms AND i.time_ms < a.to_ms)
      FROM audited AS a
    UNION ALL
    SELECT a.account,
           (SELECT json_array(min(t.capture_id), max(t.capture_id))
              FROM trade AS t
             WHERE t.leg_id = l.leg_id AND t.time_ms >= a.from_ms AND t.time_ms < a.to_ms)
      FROM audited AS a
     CROSS JOIN leg AS l ON l.account_id = a.account_id
    UNION ALL
    SELECT a.account,
           (SELECT json_array(min(u.capture_id), max(u.capture_id))
              FROM position_update AS u
             WHERE u.leg_id = l.leg_id AND u.transaction_ms >= a.from_ms AND u.transaction_ms < a.to_ms)
      FROM audited AS a
     CROSS JOIN leg AS l ON l.account_id = a.account_id
),
span (account, first_capture, last_capture) AS (
    SELECT a.account,
           (SELECT min(s.capture_id)
              FROM capture AS s
             WHERE s.account_id = a.account_id
               AND s.endpoint = e.endpoint
               AND s.received_ms = (SELECT min(received_ms)
                                      FROM capture
                                     WHERE account_id = a.account_id
                                       AND endpoint = e.endpoint
                                       AND received_ms >= a.from_ms AND received_ms < a.to_ms)),
           (SELECT max(s.capture_id)
              FROM capture AS s
             WHERE s.account_id = a.account_id
               AND s.endpoint = e.endpoint
               AND s.received_ms = (SELECT max(received_ms)
                                      FROM capture
                                     WHERE account_id = a.account_id
                                       AND endpoint = e.endpoint
                                       AND received_ms >= a.from_ms AND received_ms < a.to_ms))
      FROM audited AS a
     CROSS JOIN (SELECT value AS endpoint
                   FROM json_each('["positionRisk","exchangeInfo","account","income","userTrades","premiumIndex","fundingRate","symbolConfig","accountConfig","assetIndex","userData","recorder","timestamp"]')) AS e
    UNION ALL
    SELECT account, json_extract(ends, '$[0]'), json_extract(ends, '$[1]') FROM told
    UNION ALL
    SELECT account, capture_id, capture_id FROM cut
),
bound AS MATERIALIZED (
    SELECT account, min(first_capture) AS first_capture, max(last_capture) AS last_capture
      FROM span
     GROUP BY account
),
whole AS (
    SELECT a.*,
           coalesce((SELECT min(h.hour_ms)
                       FROM poll_hour AS h
                      WHERE h.account_id = a.account_id AND h.hour_ms BETWEEN a.from_ms AND a.to_ms - 3600000), 9e18)
               AS first_ms,
           coalesce((SELECT max(h.hour_ms) + 3600000
                       FROM poll_hour AS h
                      WHERE h.account_id = a.account_id AND h.hour_ms BETWEEN a.from_ms AND a.to_ms - 3600000), 9e18)
               AS end_ms
      FROM audited AS a
),
polled AS MATERIALIZED (
    SELECT account, sum(ok) AS ok, sum(failed) AS failed
      FROM (SELECT w.account, h.ok, h.failed
              FROM whole AS w
             CROSS JOIN poll_hour AS h
                ON h.account_id = w.account_id AND h.hour_ms >= w.first_ms AND h.hour_ms < w.end_ms
             UNION ALL
            SELECT w.account, s.outcome = 'ok', s.outcome <> 'ok'
              FROM whole AS w
             CROSS JOIN (SELECT 0 AS is_end UNION ALL SELECT 1) AS e
             CROSS JOIN capture_read AS s
                ON s.account_id = w.account_id
               AND s.endpoint = 'positionRisk'
               AND s.received_ms >= iif(e.is_end, w.end_ms, w.from_ms)
               AND s.received_ms < iif(e.is_end, w.to_ms, min(w.to_ms, w.first_ms)))
     GROUP BY account
)
SELECT d.account,
       f.received AS first_received,
       z.received AS last_received,
       coalesce((SELECT c.ok FROM polled AS c WHERE c.account = d.account), 0) AS good_polls,
       coalesce((SELECT c.failed FROM polled AS c WHERE c.account = d.account), 0) AS failed_polls,
       d.first_capture,
       d.last_capture,
       coalesce((SELECT p.chain FROM capture_log AS p WHERE p.capture_id = d.first_capture - 1),
                '(the chain begins here)') AS head_before,
       z.chain AS head_at_end
  FROM bound AS d
 CROSS JOIN capture_log AS f ON f.capture_id = d.first_capture
 CROSS JOIN capture_log AS z ON z.capture_id = d.last_capture
 ORDER BY d.account;
