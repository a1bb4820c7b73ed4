-- Every trade once, as it was told last. `source` is who told it: the stream, the exchange's list of trades
-- (rest), or both, and then the values are the list's and `difference` says in words what the stream told
-- otherwise, '' where nothing; signed_quantity is negative for a sale.
CREATE VIEW trade_history AS
SELECT t.account,
       t.symbol,
       t.pair,
       t.margin_asset,
       t.position_side,
       t.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.time_ms / 1000.0, 'unixepoch') AS time,
       t.trade_id,
       t.order_id,
       t.side,
       t.price,
       t.quantity,
       t.signed_quantity_e8 / 1e8 AS signed_quantity,
       t.signed_quantity_e8,
       t.realized_pnl,
       t.commission,
       t.commission_asset,
       t.maker,
       t.base_quantity,
       coalesce(t.execution, o.execution) AS execution,
       iif(o.leg_id IS NULL, t.source, 'both') AS source,
       iif(o.leg_id IS NULL, NULL,
           iif(o.time_ms <> t.time_ms, format(' time %d, not %d;', t.time_ms, o.time_ms), '')
           || iif(o.side <> t.side, format(' side %s, not %s;', t.side, o.side), '')
           || iif(o.price_e8 / 1e8 <> t.price, format(' price %.15g, not %.15g;', t.price, o.price_e8 / 1e8), '')
           || iif(o.quantity_e8 / 1e8 <> t.quantity,
                  format(' qty %.15g, not %.15g;', t.quantity, o.quantity_e8 / 1e8), '')
           || iif(o.realized_pnl_e8 / 1e8 <> t.realized_pnl,
                  format(' realizedPnl %.8f, not %.8f;', t.realized_pnl, o.realized_pnl_e8 / 1e8), '')
           || iif(o.commission_e8 / 1e8 <> t.commission,
                  format(' commission %.8f, not %.8f;', t.commission, o.commission_e8 / 1e8), '')
           || iif(o.commission_asset <> t.commission_asset,
                  format(' commissionAsset %s, not %s;', t.commission_asset, o.commission_asset), '')
           || iif(o.order_id <> t.order_id, format(' orderId %s, not %s;', t.order_id, o.order_id), '')
           || iif(o.maker <> t.maker, format(' maker %d, not %d;', t.maker, o.maker), '')) AS difference,
       t.capture_id,
       t.leg_id
  FROM trade_told AS t
  LEFT JOIN trade AS o INDEXED BY trade_by_id
    ON o.leg_id = t.leg_id
   AND o.trade_id = t.trade_id
   AND o.source = iif(t.source = 'rest', 'stream', 'rest')
   AND NOT EXISTS (SELECT 1
                     FROM trade AS x INDEXED BY trade_by_id
                    WHERE x.leg_id = o.leg_id
                      AND x.trade_id = o.trade_id
                      AND x.source = o.source
                      AND (x.capture_id, x.revision, x.time_ms) > (o.capture_id, o.revision, o.time_ms))
 WHERE t.source = 'rest' OR o.leg_id IS NULL;
