-- What reconcile goes on with, after with_range: the legs, what polls saw change in the range (an account's polls are
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
changed AS MATERIALIZED (
    SELECT l.account, l.symbol, l.position_side, l.leg_id, l.account_id, h.capture_id, h.first_seen_ms, h.update_ms, h.change, h.present,
           h.amount_change, h.position_amount, h.entry_price, h.break_even_price, h.leverage, h.max_quantity, h.margin_type,
           h.auto_add_margin, h.isolated_wallet, h.previous_update_ms, h.previous_revision, h.previous_position_amount, h.previous_entry_price,
           h.previous_break_even_price, h.previous_leverage, h.previous_max_quantity, h.previous_margin_type, h.previous_auto_add_margin,
           h.previous_isolated_wallet
      FROM leg AS l
     CROSS JOIN position_change AS h ON h.leg_id = l.leg_id AND h.capture_id BETWEEN l.first_poll AND l.last_poll
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
