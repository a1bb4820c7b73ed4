-- Everything that changed a wallet, as it was told last, with the leg whose trade made it, and in USD at the mark
-- price known then (sql/views/income_history.sql says which): here that of the account's own legs, or of the marks that
-- were asked for under it, or else the asset's index, as whichever account of the recorder it was asked for.
CREATE VIEW income_history AS
SELECT a.name AS account, i.symbol, c.pair, c.margin_asset,
       (SELECT l.position_side
          FROM leg AS l
          JOIN trade AS t ON t.account_id = l.account_id AND t.leg_id = l.leg_id AND t.trade_id = i.trade_id
         WHERE l.account_id = i.account_id AND l.contract_id = c.contract_id AND i.trade_id <> ''
         ORDER BY t.source, t.capture_id DESC, l.position_side LIMIT 1) AS position_side,
       i.asset, i.time_ms,
       to_char(to_timestamp(i.time_ms / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
       i.income_type,
       i.income_e8 * 0.00000001 AS income,
       v.price_e8 * 0.00000001 AS price,
       round(i.income_e8::numeric * v.price_e8 * 0.00000001) * 0.00000001 AS income_usd,
       i.info, i.tran_id, i.trade_id, i.revision, i.capture_id,
       v.time_ms AS price_ms
  FROM account AS a
  JOIN income AS i ON i.account_id = a.account_id
  LEFT JOIN contract AS c ON c.account_id = i.account_id AND c.product = a.product AND c.symbol = i.symbol
  LEFT JOIN LATERAL
       ((SELECT x.time_ms, x.mark_price_e8 AS price_e8, 1 AS rank
          FROM contract AS g
          JOIN product AS d ON d.name = g.product AND NOT d.is_linear
          JOIN LATERAL ((SELECT w.time_ms, w.mark_price_e8
                           FROM leg AS l
                           JOIN LATERAL (SELECT v.time_ms, v.mark_price_e8
                                           FROM valuation AS v
                                          WHERE v.account_id = l.account_id AND v.leg_id = l.leg_id
                                            AND v.time_ms <= i.time_ms AND v.mark_price_e8 > 0
                                          ORDER BY v.time_ms DESC LIMIT 1) AS w ON true
                          WHERE l.account_id = g.account_id AND l.contract_id = g.contract_id)
                        UNION ALL
                        (SELECT m.time_ms, m.mark_price_e8
                           FROM mark AS m
                          WHERE m.account_id = g.account_id AND m.contract_id = g.contract_id
                            AND m.time_ms <= i.time_ms AND m.mark_price_e8 > 0
                          ORDER BY m.time_ms DESC, m.capture_id DESC LIMIT 1)) AS x ON true
         WHERE g.account_id = i.account_id AND g.margin_asset = i.asset
         ORDER BY CASE WHEN g.contract_type = 'PERPETUAL' THEN 0 ELSE 1 END,
                  x.time_ms DESC, g.delivery_ms, g.symbol COLLATE "C"
         LIMIT 1)
        UNION ALL
        (SELECT x.time_ms, x.index_price_e8, 2
           FROM asset_index AS x
          WHERE x.recorder_id = i.recorder_id AND x.symbol = i.asset || 'USD'
            AND x.time_ms <= i.time_ms AND x.index_price_e8 > 0
          ORDER BY x.time_ms DESC, x.capture_id DESC LIMIT 1)
         ORDER BY rank LIMIT 1) AS v ON true
 WHERE i.revision = (SELECT max(x.revision)
                       FROM income AS x
                      WHERE x.account_id = i.account_id AND x.time_ms = i.time_ms
                        AND x.income_type = i.income_type AND x.tran_id = i.tran_id AND x.asset = i.asset
                        AND x.symbol = i.symbol);
