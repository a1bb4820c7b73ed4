-- Every trade as it was told last. `source` is who told it: the stream, the exchange's list of trades
-- (rest), or both; signed_quantity is negative for a sale.
CREATE VIEW trade_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       t.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.time_ms / 1000.0, 'unixepoch') AS time,
       t.trade_id,
       t.order_id,
       t.side,
       t.price_e8 / 1e8 AS price,
       t.quantity_e8 / 1e8 AS quantity,
       iif(t.side = 'SELL', -t.quantity_e8, t.quantity_e8) / 1e8 AS signed_quantity,
       t.realized_pnl_e8 / 1e8 AS realized_pnl,
       t.commission_e8 / 1e8 AS commission,
       t.commission_asset,
       t.maker,
       t.base_quantity_e8 / 1e8 AS base_quantity,
       t.execution,
       iif(o.leg_id IS NULL, t.source, 'both') AS source,
       t.capture_id
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN trade AS t ON t.leg_id = l.leg_id
  LEFT JOIN trade AS o
    ON o.leg_id = t.leg_id
   AND o.time_ms = t.time_ms
   AND o.trade_id = t.trade_id
   AND o.source = iif(t.source = 'rest', 'stream', 'rest')
   AND o.revision = 0
 WHERE (t.source = 'rest' OR o.leg_id IS NULL)
   AND t.revision = (SELECT max(x.revision)
                       FROM trade AS x
                      WHERE x.leg_id = t.leg_id
                        AND x.time_ms = t.time_ms
                        AND x.trade_id = t.trade_id
                        AND x.source = t.source);
