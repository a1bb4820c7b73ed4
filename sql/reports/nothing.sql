-- Why :kind, a report's name or `positions` (as they stood before :to_ms), has nothing to show, as a sentence. After
-- with_silence.
, recorded AS (
    SELECT account, min(from_ms) AS from_ms, max(to_ms) AS to_ms
      FROM (SELECT account, from_ms, to_ms FROM account_range WHERE :kind NOT IN ('equity', 'performance', 'income', 'trades', 'trips')
             UNION ALL
            SELECT account, from_ms, to_ms
              FROM money_range
             WHERE :kind IN ('equity', 'performance', 'income', 'trades', 'trips', 'reconcile'))
     GROUP BY account
    HAVING min(from_ms) IS NOT NULL
),
named AS (
    SELECT * FROM recorded WHERE :account IS NULL OR account = :account
),
answered AS (
    SELECT *
      FROM named AS n
     WHERE EXISTS (SELECT 1
                     FROM capture_log AS p
                    WHERE p.account = n.account
                      AND (p.endpoint = 'positionRisk' OR :kind IN ('equity', 'performance', 'income', 'trades', 'trips', 'reconcile'))
                      AND p.outcome = 'ok')
),
-- Of how much of the range the record can speak: 0 of nothing, 1 of all of it, NULL of some.
covered (share) AS (
    SELECT CASE
               WHEN NOT EXISTS (SELECT 1
                                  FROM span AS k
                                 WHERE k.kind = coalesce(t.kind, k.kind)
                                   AND k.from_ms < coalesce(:to_ms, k.from_ms + 1)
                                   AND k.to_ms >= coalesce(iif(:kind = 'positions', :to_ms - 1, :from_ms), k.to_ms)) THEN 0
               WHEN NOT EXISTS (SELECT 1 FROM silence AS s WHERE s.kind = coalesce(t.kind, s.kind)) THEN 1
           END
      FROM (SELECT CASE
                       WHEN :kind IN ('equity', 'performance') THEN 'account'
                       WHEN :kind IN ('income', 'trades', 'trips') THEN 'income'
                       WHEN :kind <> 'reconcile' THEN 'polls' -- which is about all of them
                   END AS kind) AS t
),
bounds (first, last) AS (
    SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(from_ms) / 1000, 'unixepoch'),
           strftime('%Y-%m-%dT%H:%M:%SZ', max(to_ms) / 1000, 'unixepoch')
      FROM named
)
SELECT CASE
           WHEN NOT EXISTS (SELECT 1 FROM account)
               THEN 'Nothing is recorded yet (posrec fetch polls once, posrec run goes on).'
           WHEN NOT EXISTS (SELECT 1 FROM named) AND :kind IN ('equity', 'performance', 'income', 'trades', 'trips')
               THEN 'No wallets, income or trades are recorded (record in posrec.ini says what is).'
           WHEN NOT EXISTS (SELECT 1 FROM named)
               THEN 'No polls are recorded (record in posrec.ini says what is).'
           WHEN :kind <> 'coverage' AND NOT EXISTS (SELECT 1 FROM answered)
               THEN (SELECT 'Account ' || group_concat(account, ', ')
                            || ' never gave a good answer (posrec status says why).'
                       FROM (SELECT account FROM named ORDER BY account))
           WHEN :from_ms > (SELECT max(to_ms) FROM named) OR :to_ms <= (SELECT min(from_ms) FROM named)
               THEN iif(:kind IN ('equity', 'performance', 'income', 'trades', 'trips', 'reconcile'), 'Nothing', 'No poll')
                    || ' is in this range; the history goes from ' || first || ' to ' || last || '.'
           WHEN :symbol IS NOT NULL
                AND NOT EXISTS (SELECT 1
                                  FROM leg_range AS l
                                  JOIN named AS n ON n.account = l.account
                                 WHERE l.symbol = :symbol)
               THEN 'No symbol ' || :symbol || ' is recorded of account ' || :account || '.'
           WHEN :kind = 'positions' AND :all THEN 'No leg is known then.'
           WHEN :kind = 'positions'
               THEN iif((SELECT share FROM covered) = 0 AND :to_ms <= :now_ms,
                        'No position was open at the last poll before then', 'No position is open then')
                    || ' (--all shows flat legs too).'
           WHEN :kind = 'gaps' THEN 'Nothing is missing in this range.'
           WHEN (SELECT share FROM covered) = 0 THEN 'Nothing of this range is recorded.'
           WHEN :every_ms IS NOT NULL
               THEN 'No whole step of --every is in this range, or no '
                    || iif(:kind IN ('equity', 'performance'), 'wallet was known', 'position was open') || ' in it.'
           WHEN :kind = 'reconcile' AND (SELECT share FROM covered) = 1
               THEN 'No findings: everything in this range adds up.'
           ELSE CASE :kind
                    WHEN 'changes' THEN 'No position changed in '
                    WHEN 'reconcile' THEN 'No findings: everything adds up in '
                    WHEN 'income' THEN 'No income is in '
                    WHEN 'trades' THEN 'No trade is in '
                    WHEN 'trips' THEN 'No round trip was closed or is open in '
                    WHEN 'equity' THEN 'No wallet was known in '
                    WHEN 'performance' THEN 'No wallet was known in '
                    ELSE 'No position was open in '
                END || iif((SELECT share FROM covered) = 1, 'this range.', 'what is recorded of this range.')
       END AS sentence
  FROM bounds;
