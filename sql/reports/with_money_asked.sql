-- What reconcile and its header judge money by, after with_range: `money_asked`, the range that is known of it.
, money_asked AS MATERIALIZED (
    SELECT account, max(coalesce(:from_ms, from_ms), from_ms) AS from_ms, coalesce(:to_ms, 9e18) AS to_ms
      FROM money_range
     WHERE :account IS NULL OR account = :account
),
-- A type and a millisecond that the answer does not hold whole: the exchange shows no more of them.
cut AS MATERIALIZED (
    SELECT *
      FROM (SELECT m.account,
                   m.from_ms,
                   m.to_ms,
                   min(s.capture_id) AS capture_id,
                   s.row_count,
                   CAST(substr(s.request, instr(s.request, 'startTime=') + 10) AS INTEGER) AS time_ms,
                   substr(s.request, instr(s.request, 'incomeType=') + 11) || '&' AS type
              FROM money_asked AS m
             CROSS JOIN account AS a ON a.name = m.account
             CROSS JOIN capture_read AS s
                ON s.account_id = a.account_id
               AND s.endpoint = 'income'
               AND s.received_ms >= m.from_ms
               AND s.outcome = 'ok'
               AND s.row_count >= 1000
               AND instr(s.request, 'incomeType=') > 0
             WHERE :symbol IS NULL AND :side IS NULL
             GROUP BY m.account, s.request)
     WHERE time_ms >= from_ms AND time_ms < to_ms
)
