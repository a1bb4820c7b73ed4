-- Of which accounts nothing is recorded of the last millisecond before :to_ms, since when, and which trades are known since then, in words;
-- no row where all are. Of the last poll on an account stands as it was for one and a half of its interval.
WITH around AS (
    SELECT a.account_id,
           a.name,
           (SELECT max(k.to_ms) FROM known AS k WHERE k.account = a.name AND k.kind = 'polls' AND k.from_ms < :to_ms)
               AS last_ms,
           (SELECT i.interval_ms
              FROM interval_stated AS i
             WHERE i.account_id = a.account_id AND i.endpoint = 'positionRisk') AS interval_ms,
           (SELECT min(k.from_ms) FROM known AS k WHERE k.account = a.name AND k.kind = 'polls' AND k.from_ms >= :to_ms)
               AS next_ms
      FROM account AS a
     WHERE :account IS NULL OR a.name = :account
),
silent AS (
    SELECT s.*,
           (SELECT count(DISTINCT t.leg_id || ' ' || t.trade_id)
              FROM leg AS l
             CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms > s.last_ms AND t.time_ms < :to_ms
             WHERE l.account_id = s.account_id) AS trades
      FROM around AS s
     WHERE last_ms IS NULL
        OR (last_ms < :to_ms - 1 AND (next_ms IS NOT NULL OR :to_ms - 1 - last_ms > coalesce(interval_ms * 3 / 2, 0)))
)
SELECT 'Not recorded then: '
       || group_concat(name || coalesce(', since ' || strftime('%Y-%m-%dT%H:%M:%SZ', last_ms / 1000, 'unixepoch'), '')
                       || iif(trades > 0, format(' (%d trade%s known since)', trades, iif(trades = 1, '', 's')), ''), '; ')
       || '.' AS sentence
  FROM silent
HAVING count(*) > 0;
