-- Of which times the record can speak, half-open: within them it does, outside of them it is silent. `kind`: polls,
-- account (its answers), prices (at the account that asked for them), stream, income, and trades by their symbol.
-- Everything that judges asks this view. Polls and answers are known from one good one to the next while they are not more than one and a half of the interval in force
-- apart; the stream from the opening of a connection to its end; income and trades where they were asked for, and
-- answered to the end. What goes on is known up to its last sign of life.
CREATE VIEW known AS
WITH RECURSIVE
-- Whose money, ...
series (account_id, kind, symbol) AS (
    SELECT account_id, 'income', '' FROM account
     UNION ALL
    SELECT a.account_id,
           'trades',
           (SELECT min(k.symbol) FROM known_span AS k WHERE k.account_id = a.account_id AND k.kind = 'trades')
      FROM account AS a
     UNION ALL
    SELECT e.account_id,
           e.kind,
           (SELECT min(k.symbol)
              FROM known_span AS k
             WHERE k.account_id = e.account_id AND k.kind = e.kind AND k.symbol > e.symbol)
      FROM series AS e
     WHERE e.kind = 'trades' AND e.symbol IS NOT NULL
),
-- ... and of its spans that overlap the widest, from the last of them to the first.
widest (account_id, kind, symbol, to_ms, from_ms) AS (
    SELECT e.account_id,
           e.kind,
           e.symbol,
           k.to_ms,
           (SELECT min(w.from_ms)
              FROM known_span AS w
             WHERE (w.account_id, w.kind, w.symbol, w.to_ms) = (e.account_id, e.kind, e.symbol, k.to_ms))
      FROM series AS e
     CROSS JOIN (SELECT 1) AS one
     CROSS JOIN known_span AS k
        ON (k.account_id, k.kind, k.symbol) = (e.account_id, e.kind, e.symbol)
       AND k.to_ms = (SELECT max(w.to_ms)
                        FROM known_span AS w
                       WHERE (w.account_id, w.kind, w.symbol) = (e.account_id, e.kind, e.symbol))
     UNION
    SELECT o.account_id,
           o.kind,
           o.symbol,
           k.to_ms,
           (SELECT min(w.from_ms)
              FROM known_span AS w
             WHERE (w.account_id, w.kind, w.symbol, w.to_ms) = (o.account_id, o.kind, o.symbol, k.to_ms))
      FROM widest AS o
     CROSS JOIN known_span AS k
        ON (k.account_id, k.kind, k.symbol) = (o.account_id, o.kind, o.symbol)
       AND k.to_ms = (SELECT max(w.to_ms)
                        FROM known_span AS w
                       WHERE (w.account_id, w.kind, w.symbol) = (o.account_id, o.kind, o.symbol)
                         AND w.to_ms < o.from_ms)
)
SELECT a.name AS account,
       k.kind,
       k.symbol,
       k.from_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.from_ms / 1000.0, 'unixepoch') AS from_time,
       k.to_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', k.to_ms / 1000.0, 'unixepoch') AS to_time
  FROM (SELECT s.account_id, s.kind, s.symbol, s.from_ms, s.to_ms
          FROM account AS o
         CROSS JOIN (SELECT 'polls' AS kind UNION ALL SELECT 'account' UNION ALL SELECT 'prices' UNION ALL SELECT 'stream') AS e
         CROSS JOIN known_span AS s ON s.account_id = o.account_id AND s.kind = e.kind AND s.symbol = ''
         UNION ALL
        SELECT account_id, kind, '', from_ms, to_ms FROM known_running
         UNION ALL
        SELECT account_id, kind, symbol, from_ms, to_ms FROM widest) AS k
 CROSS JOIN account AS a ON a.account_id = k.account_id;
