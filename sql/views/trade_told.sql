-- Each trade as each of its witnesses told it last: one row for `rest` (userTrades), one for `stream`.
CREATE VIEW trade_told AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       t.time_ms,
       t.trade_id,
       t.source,
       t.order_id,
       t.side,
       t.price_e8 / 1e8 AS price,
       t.quantity_e8 / 1e8 AS quantity,
       iif(t.side = 'SELL', -t.quantity_e8, t.quantity_e8) AS signed_quantity_e8,
       t.realized_pnl_e8 / 1e8 AS realized_pnl,
       t.commission_e8 / 1e8 AS commission,
       t.commission_asset,
       t.maker,
       t.base_quantity_e8 / 1e8 AS base_quantity,
       t.execution,
       t.revision,
       t.capture_id,
       t.leg_id
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN trade AS t ON t.leg_id = l.leg_id
 WHERE NOT EXISTS (SELECT 1
                     FROM trade AS x INDEXED BY trade_by_id
                    WHERE x.leg_id = t.leg_id
                      AND x.trade_id = t.trade_id
                      AND x.source = t.source
                      AND (x.capture_id, x.revision, x.time_ms) > (t.capture_id, t.revision, t.time_ms));
