-- What reconcile and its header judge money by, after with_range: `money_asked`, the range that is known of it.
, money_asked AS MATERIALIZED (
    SELECT account, max(coalesce(:from_ms, from_ms), from_ms) AS from_ms, coalesce(:to_ms, 9e18) AS to_ms
      FROM money_range
     WHERE :account IS NULL OR account = :account
),
-- Each moment of income that holds the thousandth row after the moment before it: where a thousand rows are of one
-- millisecond, that is among them.
thousandth (account, account_id, from_ms, to_ms, time_ms) AS (
    SELECT m.account, a.account_id, m.from_ms, m.to_ms, m.from_ms - 1
      FROM money_asked AS m
     CROSS JOIN account AS a ON a.name = m.account
     WHERE :symbol IS NULL AND :side IS NULL
    UNION ALL
    SELECT account,
           account_id,
           from_ms,
           to_ms,
           (SELECT i.time_ms
              FROM income AS i
             WHERE i.account_id = t.account_id AND i.time_ms > t.time_ms AND i.time_ms < t.to_ms
             ORDER BY i.time_ms LIMIT 1 OFFSET 999)
      FROM thousandth AS t
     WHERE t.time_ms IS NOT NULL
),
-- A type and a millisecond of which the answer does not hold all: the exchange shows no more of them than a thousand.
crowded AS MATERIALIZED (
    SELECT t.account, i.account_id, i.time_ms, i.income_type
      FROM thousandth AS t
     CROSS JOIN income AS i ON i.account_id = t.account_id AND i.time_ms = t.time_ms
     WHERE t.time_ms >= t.from_ms
     GROUP BY i.account_id, i.time_ms, i.income_type
    HAVING count(*) >= 1000
),
cut AS MATERIALIZED (
    SELECT f.account, f.time_ms, f.income_type, s.row_count, min(s.capture_id) AS capture_id
      FROM crowded AS f
     CROSS JOIN capture_read AS s
        ON s.account_id = f.account_id AND s.endpoint = 'income' AND s.received_ms >= f.time_ms
     WHERE s.outcome = 'ok'
       AND s.row_count >= 1000
       AND instr(s.request || '&', 'startTime=' || f.time_ms || '&') > 0
       AND instr(s.request || '&', 'incomeType=' || f.income_type || '&') > 0
     GROUP BY f.account_id, f.time_ms, f.income_type
)
