-- The rows of timeline_told that ledger_position and ledger_update begin, which are of position and position_update.
SELECT p.account, p.symbol, p.pair, p.margin_asset, p.position_side,
       iif(p.present = 1 AND (p.update_ms > coalesce(p.previous_update_ms, 0) OR p.stream_id < p.capture_id), p.update_ms,
           (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = p.capture_id)) AS time_ms,
       p.update_ms,
       p.revision,
       iif(p.stream_id IS NULL, 'poll', 'both') AS source,
       p.position_amount_e8 / 1e8 AS position_amount,
       p.entry_price_e8 / 1e8 AS entry_price,
       p.break_even_price_e8 / 1e8 AS break_even_price,
       p.leverage,
       p.margin_type,
       p.isolated_wallet_e8 / 1e8 AS isolated_wallet,
       p.present,
       coalesce(min(p.stream_id, p.capture_id), p.capture_id) AS capture_id,
       max(p.stream_id, p.capture_id) AS other_capture_id
  FROM (SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side, q.*,
               b.update_ms AS previous_update_ms,
               (SELECT min(u.capture_id)
                  FROM position_update AS u
                 WHERE u.leg_id = q.leg_id
                   AND u.transaction_ms = q.update_ms
                   AND q.revision = 0) AS stream_id
          FROM account AS a
          JOIN contract AS c ON c.product = a.product
          JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
          JOIN ledger_position AS q ON q.leg_id = l.leg_id
          LEFT JOIN position AS b
            ON b.leg_id = q.leg_id
           AND b.capture_id = (SELECT max(e.capture_id)
                                 FROM position AS e
                                WHERE e.leg_id = q.leg_id AND e.capture_id < q.capture_id)) AS p
 UNION ALL
SELECT a.name, c.symbol, c.pair, c.margin_asset, l.position_side, u.transaction_ms,
       u.transaction_ms, 0, 'stream', u.position_amount_e8 / 1e8, u.entry_price_e8 / 1e8,
       u.break_even_price_e8 / 1e8, NULL, u.margin_type, u.isolated_wallet_e8 / 1e8, 1, u.capture_id, NULL
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN ledger_update AS u ON u.leg_id = l.leg_id
 WHERE NOT EXISTS (SELECT 1
                     FROM position AS b
                    WHERE b.leg_id = u.leg_id AND b.update_ms = u.transaction_ms)
