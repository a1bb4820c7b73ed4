-- What reconcile goes on with, after with_range: the legs, what polls saw change in the range (an account's polls are
-- recorded in the order of their times), and the contracts that were delivered.
, leg AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.to_ms AS last_ms, a.from_ms, a.to_ms,
           (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms >= a.from_ms
             ORDER BY p.received_ms LIMIT 1) AS first_poll,
           (SELECT p.capture_id
              FROM poll_log AS p
             WHERE p.account = a.account AND p.received_ms < a.to_ms
             ORDER BY p.received_ms DESC LIMIT 1) AS last_poll
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
),
changed AS MATERIALIZED (
    SELECT h.*
      FROM leg AS l
     CROSS JOIN position_change AS h
        ON (h.account, h.symbol, h.position_side) = (l.account, l.symbol, l.position_side)
       AND h.capture_id BETWEEN l.first_poll AND l.last_poll
),
-- Symbols of which a leg came or went in a poll while another took over: the account changed between hedge
-- and one-way mode.
switched AS MATERIALIZED (
    SELECT account, symbol, first_seen_ms
      FROM changed
     GROUP BY account, symbol, first_seen_ms
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
