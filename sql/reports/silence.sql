-- The parts of the range that are not recorded of what report :kind stands on, in words; no row where all is. After
-- with_silence.
, part AS MATERIALIZED (
    SELECT account,
           from_ms,
           to_ms,
           to_ms - from_ms AS size_ms,
           row_number() OVER (ORDER BY account, from_ms) AS number,
           begun_ms
      FROM silence
     WHERE kind = CASE
                      WHEN :kind IN ('equity', 'performance') THEN 'account'
                      WHEN :kind IN ('income', 'trades', 'trips') THEN 'income'
                      ELSE 'polls'
                  END
),
worded AS (
    SELECT number,
           account || ', ' || strftime('%Y-%m-%dT%H:%M:%SZ', from_ms / 1000, 'unixepoch') || ' to '
           || strftime('%Y-%m-%dT%H:%M:%SZ', to_ms / 1000, 'unixepoch') || ' ('
           || CASE
                  WHEN size_ms >= 172800000 THEN ((size_ms + 43200000) / 86400000) || ' days'
                  WHEN size_ms >= 7200000 THEN ((size_ms + 1800000) / 3600000) || ' h'
                  WHEN size_ms >= 120000 THEN ((size_ms + 30000) / 60000) || ' min'
                  WHEN size_ms >= 10000 THEN ((size_ms + 500) / 1000) || ' s'
                  ELSE format('%.15g s', size_ms / 1000.0)
              END || ')' AS words
      FROM part
     WHERE number <= 3
)
SELECT 'Not recorded: '
       || (SELECT group_concat(words, '; ') FROM (SELECT words FROM worded ORDER BY number))
       || iif(max(number) > 3, format('; and %d more, %d s in all (posrec report gaps)', max(number) - 3,
                                      sum(size_ms) / 1000), '') || '.' AS sentence
  FROM part
HAVING max(number) > 0;
