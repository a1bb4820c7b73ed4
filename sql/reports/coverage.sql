-- How much of each step (a day, where :every_ms does not say otherwise) of an account's history is recorded: for how many
-- seconds the record can speak of its positions (view `known`), of how many there were since its first poll, and the
-- same of the stream, NULL where none was ever recorded; how many polls were good and how many failed, and the gaps that
-- begin in the step. After with_silence.
, step (account, account_id, from_ms, begin_ms, end_ms, to_ms) AS (
    SELECT account, account_id, from_ms, from_ms,
           min(step_end(from_ms, coalesce(:every_ms, 86400000), :every_months), to_ms), to_ms
      FROM (SELECT account,
                   account_id,
                   max(coalesce(:from_ms, first_ms), first_ms) AS from_ms,
                   min(coalesce(:to_ms, last_ms), max(:now_ms, last_ms)) AS to_ms
              FROM (SELECT a.name AS account,
                           a.account_id,
                           (SELECT min(received_ms)
                              FROM capture
                             WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS first_ms,
                           (SELECT max(received_ms)
                              FROM capture
                             WHERE account_id = a.account_id AND endpoint = 'positionRisk') AS last_ms
                      FROM account AS a
                     WHERE :account IS NULL OR a.name = :account))
     WHERE from_ms <= to_ms
    UNION ALL
    SELECT account, account_id, from_ms, end_ms,
           min(step_end(end_ms, coalesce(:every_ms, 86400000), :every_months), to_ms), to_ms
      FROM step
     WHERE end_ms < to_ms
),
-- Whole hours are summed up, but for those that run. The history's last poll is in it.
hourly AS (
    SELECT s.*,
           min(end_ms, (begin_ms + 3599999) / 3600000 * 3600000) AS first_ms,
           max(min(end_ms, (begin_ms + 3599999) / 3600000 * 3600000), min(end_ms / 3600000 * 3600000, r.from_ms)) AS last_ms,
           end_ms + (:to_ms IS NULL AND end_ms = to_ms) AS until_ms
      FROM step AS s
     CROSS JOIN poll_running AS r ON r.account_id = s.account_id
),
counted AS MATERIALIZED (
    SELECT h.*,
           coalesce((SELECT sum(min(k.to_ms, h.end_ms) - max(k.from_ms, h.begin_ms))
                       FROM span AS k
                      WHERE k.account_id = h.account_id
                        AND k.kind = 'polls'
                        AND k.to_ms > h.begin_ms
                        AND k.from_ms < h.end_ms), 0) AS covered_ms,
           (SELECT coalesce(sum(max(0, min(k.to_ms, h.end_ms) - max(k.from_ms, h.begin_ms))), 0)
              FROM span AS k
             WHERE k.account_id = h.account_id AND k.kind = 'stream'
            HAVING count(*) > 0) AS stream_ms,
           (SELECT json_array(coalesce(sum(p.ok), 0), coalesce(sum(p.failed), 0))
              FROM (SELECT ok, failed
                      FROM poll_hour
                     WHERE account_id = h.account_id AND hour_ms >= h.first_ms AND hour_ms < h.last_ms
                    UNION ALL
                    SELECT outcome = 'ok', outcome <> 'ok'
                      FROM capture_read
                     WHERE account_id = h.account_id
                       AND endpoint = 'positionRisk'
                       AND received_ms >= h.begin_ms
                       AND received_ms < h.first_ms
                    UNION ALL
                    SELECT outcome = 'ok', outcome <> 'ok'
                      FROM capture_read
                     WHERE account_id = h.account_id
                       AND endpoint = 'positionRisk'
                       AND received_ms >= h.last_ms
                       AND received_ms < h.until_ms) AS p) AS polls,
           (SELECT json_array(count(*), max(g.to_ms - g.from_ms))
              FROM silence AS g
             WHERE g.account_id = h.account_id
               AND g.kind = 'polls'
               AND g.ended_ms IS NOT NULL
               AND g.from_ms >= h.begin_ms
               AND g.from_ms < h.end_ms) AS holes
      FROM hourly AS h
)
SELECT account,
       iif(:every_ms IS NULL, strftime('%Y-%m-%d', begin_ms / 1000, 'unixepoch'),
           strftime('%Y-%m-%dT%H:%M:%fZ', begin_ms / 1000.0, 'unixepoch')) AS day,
       covered_ms / 1000.0 AS covered_s,
       (end_ms - begin_ms) / 1000.0 AS expected_s,
       round(covered_ms * 1e6 / nullif(end_ms - begin_ms, 0)) / 1e6 AS share,
       json_extract(polls, '$[0]') AS ok,
       json_extract(polls, '$[1]') AS failed,
       json_extract(holes, '$[0]') AS gaps,
       json_extract(holes, '$[1]') / 1000.0 AS longest_gap_s,
       stream_ms / 1000.0 AS stream_covered_s,
       iif(stream_ms IS NULL, NULL, (end_ms - begin_ms) / 1000.0) AS stream_expected_s,
       round(stream_ms * 1e6 / nullif(end_ms - begin_ms, 0)) / 1e6 AS stream_share
  FROM counted
 ORDER BY account, begin_ms;
