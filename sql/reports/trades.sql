-- Every trade in the range, and who told of it, as trade_history has them: found by keys first, so that those past
-- :first_rows, which are counted alone, cost no more. After with_money and with_range.
, once AS MATERIALIZED (
    SELECT a.account, c.symbol, l.position_side, t.leg_id, t.time_ms, t.trade_id, t.source, t.revision
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN leg AS l ON l.account_id = n.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms >= a.from_ms AND t.time_ms < a.to_ms
     WHERE (:symbol IS NULL OR c.symbol = :symbol)
       AND (:side IS NULL OR l.position_side = :side)
       AND
--include trade_once
),
-- What the answer lists, in its order.
listed AS MATERIALIZED (
    SELECT *
      FROM once
     ORDER BY account, time_ms, symbol, CAST(trade_id AS INTEGER), trade_id, position_side
     LIMIT coalesce(:first_rows, -1)
)
SELECT h.account,
       strftime('%Y-%m-%dT%H:%M:%fZ', h.time_ms / 1000.0, 'unixepoch') AS time,
       h.symbol,
       h.position_side,
       t.side,
       t.quantity_e8 / 1e8 AS quantity,
       t.price_e8 / 1e8 AS price,
       t.realized_pnl_e8 / 1e8 AS realized_pnl,
       t.commission_e8 / 1e8 AS commission,
       t.commission_asset,
       t.maker,
       coalesce(t.execution, o.execution) AS execution,
       h.trade_id,
       t.order_id,
       iif(o.leg_id IS NULL, h.source, 'both') AS source,
       t.capture_id
  FROM listed AS h
 CROSS JOIN trade AS t
    ON (t.leg_id, t.time_ms, t.trade_id, t.source, t.revision) = (h.leg_id, h.time_ms, h.trade_id, h.source, h.revision)
  LEFT JOIN trade AS o INDEXED BY trade_by_id
    ON o.leg_id = h.leg_id
   AND o.trade_id = h.trade_id
   AND h.source = 'rest'
   AND o.source = 'stream'
   AND NOT EXISTS (SELECT 1
                     FROM trade AS x INDEXED BY trade_by_id
                    WHERE x.leg_id = o.leg_id
                      AND x.trade_id = o.trade_id
                      AND x.source = 'stream'
                      AND (x.time_ms, x.revision) <> (o.time_ms, o.revision)
                      AND (x.capture_id, x.revision, x.time_ms) > (o.capture_id, o.revision, o.time_ms))
 UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM (SELECT 1 FROM once LIMIT -1 OFFSET coalesce(:first_rows, 9223372036854775807));
