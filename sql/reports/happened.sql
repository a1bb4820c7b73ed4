-- What report changes is made of, which is kept as the table happened: what happened to each leg up to the range's end, with
-- what was before. `is_shown`: the range has it; `leaves`: something of the position may have been left in it besides. After
-- with_range.
-- What is first seen in the range is told by its captures from `first_id` to `last_id`: those of an account, but for what has
-- no body, are in the order of their times.
, bounded AS MATERIALIZED (
    SELECT account, min(first_id) AS first_id, max(last_id) AS last_id, to_ms
      FROM (SELECT a.account,
                   a.to_ms,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms >= a.from_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms, s.capture_id LIMIT 1) AS first_id,
                   (SELECT s.capture_id
                      FROM capture AS s
                     WHERE s.account_id = n.account_id
                       AND s.endpoint = e.endpoint
                       AND s.received_ms < a.to_ms
                       AND s.payload_id IS NOT NULL
                     ORDER BY s.received_ms DESC, s.capture_id DESC LIMIT 1) AS last_id
              FROM asked AS a
              JOIN main.account AS n ON n.name = a.account
             CROSS JOIN (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'userData') AS e)
     GROUP BY account
),
leg_named AS MATERIALIZED (
    SELECT a.name AS account,
           c.symbol,
           l.position_side,
           l.leg_id,
           l.account_id,
           b.first_id,
           b.last_id,
           b.to_ms,
--include is_linear
               AS is_linear
      FROM bounded AS b
     CROSS JOIN main.account AS a ON a.name = b.account
     CROSS JOIN main.leg AS l ON l.account_id = a.account_id
     CROSS JOIN main.contract AS c ON c.contract_id = l.contract_id
     WHERE (:symbol IS NULL OR c.symbol = :symbol)
       AND (:side IS NULL OR l.position_side = :side)
),
-- Of each leg that changed in the range the part of its history that its changes are judged by: up to the last of them, and
-- from when it was flat last before all of them; from its beginning where it never was, where an amount since then is not
-- known, or one was told only after the range. By times where those of polls are the exchange's, and by captures.
touched AS MATERIALIZED (
    SELECT leg_id, account_id, min(time_ms) AS first_ms, max(time_ms) AS last_ms, first_id, last_id, to_ms
      FROM (SELECT l.leg_id, l.account_id, q.update_ms AS time_ms, l.first_id, l.last_id, l.to_ms
              FROM leg_named AS l
             CROSS JOIN position AS q ON q.leg_id = l.leg_id AND q.capture_id BETWEEN l.first_id AND l.last_id
             UNION ALL
            SELECT l.leg_id, l.account_id, u.transaction_ms, l.first_id, l.last_id, l.to_ms
              FROM (SELECT min(first_id) AS first_id, max(last_id) AS last_id FROM bounded) AS b
             CROSS JOIN position_update AS u ON u.capture_id BETWEEN b.first_id AND b.last_id
             CROSS JOIN leg_named AS l ON l.leg_id = u.leg_id AND u.capture_id BETWEEN l.first_id AND l.last_id)
     GROUP BY leg_id
),
flat AS MATERIALIZED (
    SELECT t.*,
           max(t.last_ms, t.to_ms) AS until_ms,
           (SELECT z.update_ms
              FROM position AS z
             WHERE z.leg_id = t.leg_id
               AND z.update_ms < t.first_ms
               AND z.revision = 0
               AND z.capture_id < t.first_id
               AND z.present = 1
               AND z.position_amount_e8 = 0
               AND z.update_ms > coalesce((SELECT b.update_ms
                                             FROM position AS b
                                            WHERE b.leg_id = z.leg_id AND b.capture_id < z.capture_id
                                            ORDER BY b.capture_id DESC LIMIT 1), 0)
             ORDER BY z.update_ms DESC LIMIT 1) AS flat_ms
      FROM touched AS t
),
begun AS MATERIALIZED (
    SELECT f.leg_id,
           f.account_id,
           f.until_ms,
           iif(f.flat_ms IS NULL
               OR EXISTS (SELECT 1
                            FROM position AS x
                           WHERE x.leg_id = f.leg_id
                             AND x.update_ms BETWEEN f.flat_ms AND f.until_ms
                             AND (x.present = 1 AND x.position_amount_e8 IS NULL
                                  OR x.update_ms < f.last_ms AND x.capture_id > f.last_id))
               OR EXISTS (SELECT 1
                            FROM position_update AS x
                           WHERE x.leg_id = f.leg_id
                             AND x.transaction_ms BETWEEN f.flat_ms AND f.until_ms
                             AND (x.position_amount_e8 IS NULL
                                  OR x.transaction_ms < f.last_ms AND x.capture_id > f.last_id)),
               0, f.flat_ms) AS from_ms
      FROM flat AS f
),
since AS MATERIALIZED (
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
-- The leg's number stands for what the text finds its names by, and what is not shown is left out: numbers are sorted, and
-- few of them.
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
),
timeline_change AS NOT MATERIALIZED (
--include timeline_change
)
SELECT l.leg_id, l.is_linear, h.time_ms, h.change, h.amount_change,
       h.previous_position_amount, h.position_amount, h.previous_entry_price, h.entry_price,
       h.previous_leverage, h.leverage, h.previous_margin_type, h.margin_type, h.source, h.capture_id,
       CAST(round(h.previous_position_amount * 1e8) AS INTEGER) AS previous_e8,
       CAST(round(coalesce(h.position_amount, 0) * 1e8) AS INTEGER) AS amount_e8,
       h.capture_id >= l.first_id AND (h.change IS NOT 'seen' OR :all) AS is_shown,
       h.capture_id >= l.first_id AND h.change IN ('reduce', 'close', 'flip', 'vanish') AS leaves
  FROM timeline_change AS h
 CROSS JOIN leg_named AS l ON l.leg_id = h.account AND h.capture_id <= l.last_id;
