-- From when to when an account's income, and a symbol's trades, are known: what the exchange was asked for, and
-- answered to the end. `kind` is income, or trades with their symbol. The range of a request stands in its text:
-- startTime, else seven days before it was sent; endTime, else when it was sent. A page that is full is followed by
-- others up to the same end; a range with an end counts once the last of them is there. What was asked for one order
-- or one type of income alone says nothing of others.
CREATE VIEW money_known AS
WITH asked AS (
    SELECT a.name AS account,
           s.endpoint,
           coalesce(s.sent_ms, s.received_ms) AS sent_ms,
           s.received_ms,
           s.row_count,
           '&' || substr(s.request, instr(s.request, '?') + 1) || '&' AS request
      FROM account AS a
     CROSS JOIN capture_read AS s
        ON s.account_id = a.account_id
       AND s.endpoint IN ('income', 'userTrades')
     WHERE s.outcome = 'ok'
),
parsed AS (
    SELECT account,
           iif(endpoint = 'income', 'income', 'trades') AS kind,
           iif(endpoint = 'income', '',
               substr(request, instr(request, '&symbol=') + 8,
                      instr(substr(request, instr(request, '&symbol=') + 8), '&') - 1)) AS symbol,
           sent_ms,
           CASE
               WHEN instr(request, '&startTime=')
                   THEN CAST(substr(request, instr(request, '&startTime=') + 11) AS INTEGER)
               WHEN instr(request, '&fromId=') THEN NULL
               ELSE sent_ms - 604800000
           END AS start_ms,
           iif(instr(request, '&endTime='),
               CAST(substr(request, instr(request, '&endTime=') + 9) AS INTEGER), NULL) AS end_ms,
           row_count < iif(instr(request, '&limit='),
                           CAST(substr(request, instr(request, '&limit=') + 7) AS INTEGER),
                           iif(endpoint = 'income', 100, 50)) AS is_last
      FROM asked
     WHERE iif(endpoint = 'income',
               instr(request, '&symbol=') = 0 AND instr(request, '&incomeType=') = 0,
               instr(request, '&symbol=') > 0 AND instr(request, '&orderId=') = 0)
    UNION ALL -- imported without their requests: of what they tell
    SELECT account,
           'income',
           '',
           sent_ms,
           (SELECT min(i.time_ms)
              FROM account AS a
             CROSS JOIN income AS i ON i.account_id = a.account_id
             WHERE a.name = bare.account),
           NULL,
           1
      FROM asked AS bare
     WHERE bare.endpoint = 'income' AND bare.request IS NULL
    UNION ALL
    SELECT bare.account, 'trades', c.symbol, bare.sent_ms, min(t.time_ms), NULL, 1
      FROM (SELECT account, max(sent_ms) AS sent_ms
              FROM asked
             WHERE endpoint = 'userTrades' AND request IS NULL
             GROUP BY account) AS bare
     CROSS JOIN account AS a ON a.name = bare.account
     CROSS JOIN leg AS l ON l.account_id = a.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.source = 'rest'
     GROUP BY bare.account, c.symbol
)
SELECT account,
       kind,
       symbol,
       min(start_ms) AS from_ms,
       max(end_known_ms) AS to_ms
  FROM (SELECT account,
               kind,
               symbol,
               iif(end_ms IS NULL OR max(is_last), min(start_ms), NULL) AS start_ms,
               max(iif(is_last, min(coalesce(end_ms, sent_ms), sent_ms), NULL)) AS end_known_ms
          FROM parsed
         GROUP BY account, kind, symbol, end_ms)
 GROUP BY account, kind, symbol
HAVING max(end_known_ms) IS NOT NULL AND min(start_ms) IS NOT NULL;
