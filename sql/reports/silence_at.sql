-- Of which accounts the moment is not recorded, since when, and which trades are known since then, in words; no row where
-- all are. After with_moment.
, silent AS (
    SELECT m.*,
           (SELECT count(DISTINCT t.leg_id || ' ' || t.trade_id)
              FROM leg AS l
             CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms > m.as_of_ms AND t.time_ms <= m.at_ms
             WHERE l.account_id = m.account_id) AS trades
      FROM moment AS m
     WHERE NOT m.recorded
)
SELECT 'Not recorded then: '
       || group_concat(account || coalesce(', since ' || strftime('%Y-%m-%dT%H:%M:%SZ', as_of_ms / 1000, 'unixepoch'), '')
                       || iif(trades > 0, format(' (%d trade%s known since)', trades, iif(trades = 1, '', 's')), ''), '; ')
       || '.' AS sentence
  FROM silent
HAVING count(*) > 0;
