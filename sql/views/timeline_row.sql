-- The rows of position_timeline without its texts of times: what goes through all of a leg's rows to find what was
-- before goes through these.
CREATE VIEW timeline_row AS
SELECT p.account, p.symbol, p.pair, p.margin_asset, p.position_side,
       iif(p.present = 1 AND p.update_ms > coalesce(p.previous_update_ms, 0), p.update_ms,
           p.first_seen_ms) AS time_ms,
       p.update_ms,
       p.revision,
       iif(s.capture_id IS NULL, 'poll', 'both') AS source,
       coalesce(min(s.received_ms, p.first_seen_ms), p.first_seen_ms) AS first_seen_ms,
       p.position_amount, p.entry_price, p.break_even_price, p.leverage, p.margin_type,
       p.isolated_wallet, p.present,
       coalesce(min(s.capture_id, p.capture_id), p.capture_id) AS capture_id
  FROM position_change AS p
  LEFT JOIN capture AS s
    ON s.capture_id = (SELECT min(u.capture_id)
                         FROM position_update AS u
                        WHERE u.leg_id = p.leg_id
                          AND u.transaction_ms = p.update_ms
                          AND p.revision = 0)
 UNION ALL
SELECT u.account, u.symbol, u.pair, u.margin_asset, u.position_side, u.transaction_ms,
       u.transaction_ms, 0, 'stream', u.received_ms, u.position_amount, u.entry_price,
       u.break_even_price, NULL, u.margin_type, u.isolated_wallet, 1, u.capture_id
  FROM account_update_history AS u
 WHERE NOT EXISTS (SELECT 1
                     FROM position AS b
                    WHERE b.leg_id = u.leg_id AND b.update_ms = u.transaction_ms);
