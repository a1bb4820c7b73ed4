-- Each trade once, as its last telling says: by the exchange's answers where they have it, else by the stream.
-- `difference` says in which fields the two witnesses differ.
CREATE VIEW trade_history AS
SELECT a.name AS account, c.symbol, c.pair, c.margin_asset, l.position_side, t.time_ms,
       to_char(to_timestamp(t.time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       t.trade_id, t.order_id, t.side,
       t.price_e8 * 0.00000001 AS price,
       t.quantity_e8 * 0.00000001 AS quantity,
       CASE WHEN t.side = 'SELL' THEN -t.quantity_e8 ELSE t.quantity_e8 END * 0.00000001 AS signed_quantity,
       CASE WHEN t.side = 'SELL' THEN -t.quantity_e8 ELSE t.quantity_e8 END AS signed_quantity_e8,
       t.realized_pnl_e8 * 0.00000001 AS realized_pnl,
       t.commission_e8 * 0.00000001 AS commission,
       t.commission_asset, t.maker,
       t.base_quantity_e8 * 0.00000001 AS base_quantity,
       coalesce(t.execution, o.execution) AS execution,
       CASE WHEN o.leg_id IS NULL THEN t.source ELSE 'both' END AS source,
       CASE
           WHEN o.leg_id IS NOT NULL
               THEN CASE WHEN o.time_ms <> t.time_ms
                         THEN format(' time %s, not %s;', t.time_ms, o.time_ms) ELSE '' END
                    || CASE WHEN o.side <> t.side THEN format(' side %s, not %s;', t.side, o.side) ELSE '' END
                    || CASE WHEN o.price_e8 <> t.price_e8
                            THEN format(' price %s, not %s;', trim_scale(t.price_e8 * 0.00000001),
                                        trim_scale(o.price_e8 * 0.00000001)) ELSE '' END
                    || CASE WHEN o.quantity_e8 <> t.quantity_e8
                            THEN format(' qty %s, not %s;', trim_scale(t.quantity_e8 * 0.00000001),
                                        trim_scale(o.quantity_e8 * 0.00000001)) ELSE '' END
                    || CASE WHEN o.realized_pnl_e8 <> t.realized_pnl_e8
                            THEN format(' realizedPnl %s, not %s;', t.realized_pnl_e8 * 0.00000001,
                                        o.realized_pnl_e8 * 0.00000001) ELSE '' END
                    || CASE WHEN o.commission_e8 <> t.commission_e8
                            THEN format(' commission %s, not %s;', t.commission_e8 * 0.00000001,
                                        o.commission_e8 * 0.00000001) ELSE '' END
                    || CASE WHEN o.commission_asset <> t.commission_asset
                            THEN format(' commissionAsset %s, not %s;', t.commission_asset, o.commission_asset)
                            ELSE '' END
                    || CASE WHEN o.order_id <> t.order_id
                            THEN format(' orderId %s, not %s;', t.order_id, o.order_id) ELSE '' END
                    || CASE WHEN o.maker <> t.maker
                            THEN format(' maker %s, not %s;', t.maker, o.maker) ELSE '' END
       END AS difference,
       t.capture_id, t.leg_id
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
  JOIN trade AS t ON t.account_id = l.account_id AND t.leg_id = l.leg_id
  LEFT JOIN LATERAL (SELECT *
                       FROM trade AS x
                      WHERE x.account_id = t.account_id AND x.leg_id = t.leg_id AND x.trade_id = t.trade_id
                        AND x.source = CASE WHEN t.source = 'rest' THEN 'stream' ELSE 'rest' END
                      ORDER BY x.capture_id DESC, x.revision DESC, x.time_ms DESC LIMIT 1) AS o ON true
 WHERE NOT EXISTS (SELECT 1
                     FROM trade AS x
                    WHERE x.account_id = t.account_id AND x.leg_id = t.leg_id AND x.trade_id = t.trade_id
                      AND x.source = t.source
                      AND (x.capture_id, x.revision, x.time_ms) > (t.capture_id, t.revision, t.time_ms))
   AND (t.source = 'rest' OR o.leg_id IS NULL);
