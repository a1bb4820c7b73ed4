-- What reconcile goes on with, after with_range and with_silence: the legs, what polls saw change in the range (an account's polls are
-- recorded in the order of their times), and the contracts that were delivered.
, leg AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.leg_id, n.account_id, r.to_ms AS last_ms, a.from_ms, a.to_ms,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = n.account_id AND s.endpoint = 'positionRisk' AND s.received_ms >= a.from_ms
             ORDER BY s.received_ms LIMIT 1) AS first_poll,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = n.account_id AND s.endpoint = 'positionRisk' AND s.received_ms < a.to_ms
             ORDER BY s.received_ms DESC LIMIT 1) AS last_poll
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
),
-- Of each what the leg was before it, and until_ms, when it was that: what is listed no more has the updateTime of before.
changed AS MATERIALIZED (
    SELECT l.account,
           l.symbol,
           l.position_side,
           l.leg_id,
           p.capture_id,
           p.update_ms,
           p.present,
           p.position_amount_e8 / 1e8 AS position_amount,
           b.update_ms AS previous_update_ms,
           b.revision AS previous_revision,
           b.present AS previous_present,
           b.position_amount_e8 / 1e8 AS previous_position_amount,
           iif(b.leg_id IS NULL, p.position_amount_e8, p.position_amount_e8 - b.position_amount_e8) / 1e8 AS amount_change,
           iif(p.present, p.update_ms, (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = p.capture_id)) AS until_ms
      FROM leg AS l
     CROSS JOIN position AS p ON p.leg_id = l.leg_id AND p.capture_id BETWEEN l.first_poll AND l.last_poll
      LEFT JOIN position AS b
        ON b.leg_id = p.leg_id
       AND b.capture_id = (SELECT max(q.capture_id) FROM position AS q WHERE q.leg_id = p.leg_id AND q.capture_id < p.capture_id)
),
-- The gaps between polls, each by the poll that ended it: that saw what changed in it.
gap AS MATERIALIZED (
    SELECT g.from_ms,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = g.account_id AND s.endpoint = 'positionRisk' AND s.received_ms = g.to_ms) AS capture_id
      FROM (SELECT account, account_id, to_ms AS from_ms, lead(from_ms) OVER (PARTITION BY account_id ORDER BY from_ms) AS to_ms
              FROM span
             WHERE kind = 'polls') AS g
     CROSS JOIN asked AS a ON a.account = g.account AND a.from_ms <= g.to_ms AND a.to_ms > g.to_ms
),
-- Those in which something may be wrong, in full: most are looked at no further.
shown AS MATERIALIZED (
    SELECT h.*
      FROM changed AS c
     CROSS JOIN position_change AS h ON h.leg_id = c.leg_id AND h.capture_id = c.capture_id
     WHERE c.update_ms <= c.previous_update_ms
        OR (c.position_side = 'LONG' AND c.position_amount < 0)
        OR (c.position_side = 'SHORT' AND c.position_amount > 0)
        OR c.capture_id IN (SELECT capture_id FROM gap)
        OR (c.account, c.symbol, c.capture_id)
           IN (SELECT account, symbol, capture_id
                 FROM changed
                WHERE previous_update_ms IS NULL
                   OR (present = 0 AND position_amount IS NULL)
                   OR (previous_present = 0 AND previous_position_amount IS NULL))
),
-- Symbols of which a leg came or went in a poll while another took over: the account changed between hedge
-- and one-way mode.
switched AS MATERIALIZED (
    SELECT account, symbol, capture_id
      FROM shown
     GROUP BY account, symbol, capture_id
    HAVING max(change IN ('vanish', 'return') OR previous_update_ms IS NULL)
       AND max(change <> 'vanish'
               AND coalesce(position_amount, 0) <> coalesce(previous_position_amount, 0))
),
settled AS MATERIALIZED (
    SELECT DISTINCT h.account, h.symbol
      FROM asked AS a
     CROSS JOIN income_told AS h ON h.account = a.account
     WHERE h.income_type = 'DELIVERED_SETTELMENT' -- as the exchange spells it
)
