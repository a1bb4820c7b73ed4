-- Where each account stands at :now_ms. Ages are on the exchange's clock, as far as it was measured; of a last good
-- poll more than :ahead_ms in the future there is none, nor can it be said what was missed since.
-- `missed_now`: ticks since the last good poll that brought nothing. `next_due`: its next tick, when it is
-- being run. `stream`: where the account's user data stream stands; NULL when none was ever recorded. `money`: ok, or
-- which of account, income, userTrades, premiumIndex, fundingRate, symbolConfig, accountConfig and assetIndex was not answered last, and why; NULL when none was ever asked for.
WITH last AS (
    SELECT a.name AS account,
           a.account_id,
           (SELECT p.capture_id
              FROM capture AS p
             WHERE p.account_id = a.account_id AND p.endpoint = 'positionRisk'
             ORDER BY p.received_ms DESC LIMIT 1) AS capture_id,
           (SELECT p.received_ms
              FROM capture_read AS p
             WHERE p.account_id = a.account_id AND p.endpoint = 'positionRisk' AND p.outcome = 'ok'
             ORDER BY p.received_ms DESC LIMIT 1) AS good_ms
      FROM account AS a
     WHERE :account IS NULL OR a.name = :account
),
at AS (
    SELECT l.account,
           l.account_id,
           l.good_ms,
           :now_ms + coalesce(p.clock_offset_ms, 0) AS now_ms,
           p.outcome,
           p.detail,
           p.interval_ms,
           p.clock_offset_ms,
           p.used_weight
      FROM last AS l
      JOIN capture_read AS p ON p.capture_id = l.capture_id
)
SELECT t.account,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.good_ms / 1000.0, 'unixepoch') AS last_good,
       iif(t.good_ms - t.now_ms > :ahead_ms, NULL, max(t.now_ms - t.good_ms, 0) / 1000.0) AS age_s,
       t.outcome AS last_outcome,
       t.detail AS last_detail,
       (SELECT group_concat(o.outcome || ':' || o.times, ' ')
          FROM (SELECT p.outcome, count(*) AS times
                  FROM capture_read AS p
                 WHERE p.account_id = t.account_id
                   AND p.endpoint = 'positionRisk'
                   AND p.received_ms > t.now_ms - 86400000
                 GROUP BY p.outcome
                 ORDER BY p.outcome) AS o) AS outcomes_24h,
       (SELECT count(*)
          FROM gap AS g
         WHERE g.account = t.account AND g.from_ms > t.now_ms - 86400000) AS gaps_24h,
       (SELECT CASE
                   WHEN t.good_ms - t.now_ms > :ahead_ms THEN NULL
                   WHEN t.now_ms > g.known_until_ms THEN (t.now_ms - g.from_ms) / g.interval_ms
                   WHEN g.interval_ms IS NOT NULL THEN 0
               END
          FROM poll_pair AS g
         WHERE g.account = t.account AND g.from_ms = t.good_ms) AS missed_now,
       CASE
           WHEN :running
               THEN strftime('%Y-%m-%dT%H:%M:%fZ',
                             (t.now_ms / t.interval_ms + 1) * t.interval_ms / 1000.0, 'unixepoch')
       END AS next_due,
       t.clock_offset_ms,
       t.used_weight,
       (SELECT CASE
                   WHEN s.closed_ms IS NOT NULL
                       THEN 'closed ' || s.closed || ': ' || coalesce(s.reason, 'nothing was said')
                   WHEN :running THEN 'up since ' || s.opened
                   ELSE 'opened ' || s.opened || ', and never closed: posrec was ended'
               END
          FROM stream_session AS s
         WHERE s.account = t.account
         ORDER BY s.capture_id DESC LIMIT 1) AS stream,
       (SELECT coalesce(group_concat(iif(o.outcome = 'ok', NULL,
                                         o.endpoint || ': ' || o.outcome || ': ' || coalesce(o.detail, '')), '; '),
                        iif(count(o.outcome) > 0, 'ok', NULL))
          FROM (SELECT c.endpoint, c.outcome, c.detail
                  FROM (SELECT 'account' AS endpoint UNION ALL SELECT 'income' UNION ALL SELECT 'userTrades' UNION ALL
                        SELECT 'premiumIndex' UNION ALL SELECT 'fundingRate' UNION ALL
                        SELECT 'symbolConfig' UNION ALL SELECT 'accountConfig' UNION ALL SELECT 'assetIndex') AS e
                  JOIN capture_read AS c
                    ON c.capture_id = (SELECT s.capture_id
                                         FROM capture AS s
                                        WHERE s.account_id = t.account_id AND s.endpoint = e.endpoint
                                        ORDER BY s.received_ms DESC LIMIT 1)
                 ORDER BY c.endpoint) AS o) AS money
  FROM at AS t
 ORDER BY t.account;
