-- What the poll received at :from_ms changed, but for flat legs seen for the first time.
SELECT account,
       symbol,
       position_side,
       change,
       previous_position_amount,
       position_amount,
       entry_price,
       leverage,
       margin_type,
       update_time
  FROM position_change
 WHERE account = :account
   AND capture_id = (SELECT p.capture_id FROM poll_log AS p WHERE p.account = :account AND p.received_ms = :from_ms)
   AND change <> 'seen'
 ORDER BY symbol, position_side;
