-- What an auditor needs to know of each account's range: how many polls it has, the poll after which it
-- begins and the one with which it ends, and the chain's head at both. LIMIT -1 keeps the counting from
-- looking up bodies. After with_range.
, bound AS (
    SELECT a.account,
           a.from_ms,
           a.to_ms,
           (SELECT p.poll_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms >= a.from_ms
             ORDER BY p.received_ms LIMIT 1) AS first_poll,
           (SELECT p.poll_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms <= a.to_ms
             ORDER BY p.received_ms DESC LIMIT 1) AS last_poll
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
       b.first_poll,
       b.last_poll,
       coalesce((SELECT p.chain FROM poll_log AS p WHERE p.poll_id = b.first_poll - 1),
                '(the chain begins here)') AS head_before,
       z.chain AS head_at_end
  FROM bound AS b
 CROSS JOIN poll_log AS f ON f.poll_id = b.first_poll
 CROSS JOIN poll_log AS z ON z.poll_id = b.last_poll
 ORDER BY b.account;
