-- What reconcile and its header judge money by, after with_range: `money_asked`, the range that is known of it.
, money_asked AS MATERIALIZED (
    SELECT account, max(coalesce(:from_ms, from_ms), from_ms) AS from_ms, coalesce(:to_ms, 9e18) AS to_ms
      FROM money_range
     WHERE :account IS NULL OR account = :account
),
-- A type and a millisecond of which the answer does not hold all: the exchange shows no more of them than a thousand.
crowded AS MATERIALIZED (
    SELECT m.account, i.account_id, i.time_ms, i.income_type
      FROM money_asked AS m
     CROSS JOIN account AS a ON a.name = m.account
     CROSS JOIN income AS i ON i.account_id = a.account_id AND i.time_ms >= m.from_ms AND i.time_ms < m.to_ms
     WHERE :symbol IS NULL AND :side IS NULL
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
