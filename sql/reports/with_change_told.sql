-- What is told of each leg of `begun` from its from_ms until its until_ms, as the view timeline_told has it: by times, and by the
-- captures of polls between. The leg's number stands for what the text finds its names by, and what is not shown is left
-- out: numbers are sorted, and few of them. After with_change_judged or with_change_beginnings.
, since AS MATERIALIZED (
    SELECT b.*,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = b.account_id
               AND s.endpoint = 'positionRisk'
               AND s.received_ms >= b.from_ms
               AND s.payload_id IS NOT NULL
             ORDER BY s.received_ms LIMIT 1) AS from_id,
           (SELECT s.capture_id
              FROM capture AS s
             WHERE s.account_id = b.account_id
               AND s.endpoint = 'positionRisk'
               AND s.received_ms <= b.until_ms
               AND s.payload_id IS NOT NULL
             ORDER BY s.received_ms DESC LIMIT 1) AS until_id
      FROM begun AS b
),
ledger_position AS NOT MATERIALIZED (
    SELECT s.leg_id, q.update_ms, q.revision, q.capture_id, q.position_amount_e8, q.entry_price_e8, q.break_even_price_e8,
           q.leverage, q.margin_type, q.isolated_wallet_e8, q.present
      FROM since AS s
     CROSS JOIN position AS q ON q.leg_id = s.leg_id AND q.update_ms BETWEEN s.from_ms AND s.until_ms
    UNION ALL
    SELECT s.leg_id, q.update_ms, q.revision, q.capture_id, q.position_amount_e8, q.entry_price_e8, q.break_even_price_e8,
           q.leverage, q.margin_type, q.isolated_wallet_e8, q.present
      FROM since AS s
     CROSS JOIN position AS q ON q.leg_id = s.leg_id AND q.capture_id BETWEEN s.from_id AND s.until_id
     WHERE q.update_ms NOT BETWEEN s.from_ms AND s.until_ms
),
ledger_update AS NOT MATERIALIZED (
    SELECT s.leg_id, u.transaction_ms, u.capture_id, u.position_amount_e8, u.entry_price_e8, u.break_even_price_e8,
           u.margin_type, u.isolated_wallet_e8
      FROM since AS s
     CROSS JOIN position_update AS u ON u.leg_id = s.leg_id AND u.transaction_ms BETWEEN s.from_ms AND s.until_ms
),
account (account_id, product, name) AS (SELECT 0, 0, NULL),
contract (contract_id, product, symbol, pair, margin_asset) AS (SELECT 0, 0, NULL, NULL, NULL),
leg (leg_id, account_id, contract_id, position_side) AS NOT MATERIALIZED (SELECT leg_id, 0, 0, leg_id FROM main.leg),
timeline_told AS NOT MATERIALIZED (
    SELECT t.position_side AS account, NULL AS symbol, NULL AS pair, NULL AS margin_asset, NULL AS position_side, t.time_ms,
           NULL AS update_ms, NULL AS revision, t.source, t.position_amount, t.entry_price, NULL AS break_even_price,
           t.leverage, t.margin_type, NULL AS isolated_wallet, t.present, t.capture_id, NULL AS other_capture_id
      FROM (
--include timeline_told
           ) AS t
)
