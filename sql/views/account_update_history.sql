-- Every position that an ACCOUNT_UPDATE of the user data stream told of, with the message's times and
-- reason. delay_ms: from the exchange's event to its receipt.
CREATE VIEW account_update_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       u.transaction_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', u.transaction_ms / 1000.0, 'unixepoch') AS transaction_time,
       m.event_ms,
       s.received_ms,
       s.received_ms - m.event_ms AS delay_ms,
       m.reason,
       u.position_amount_e8 / 1e8 AS position_amount,
       u.entry_price_e8 / 1e8 AS entry_price,
       u.break_even_price_e8 / 1e8 AS break_even_price,
       u.accumulated_realized_e8 / 1e8 AS accumulated_realized,
       u.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       u.margin_type,
       u.isolated_wallet_e8 / 1e8 AS isolated_wallet,
       u.capture_id,
       u.leg_id
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN position_update AS u ON u.leg_id = l.leg_id
 CROSS JOIN capture AS s ON s.capture_id = u.capture_id
  LEFT JOIN account_update AS m
    ON m.account_id = a.account_id
   AND m.transaction_ms = u.transaction_ms
   AND m.capture_id = u.capture_id;
