-- Everything that changed a wallet, as it was told last: realized PnL, funding, commission, transfers and what
-- else the exchange names. `position_side` is that of the leg whose trade made it, NULL where it names no
-- trade that is known; where legs of both sides have it, that which userTrades told last, else the stream. In USD at
-- the mark price known then, as in equity_history.
CREATE VIEW income_history AS
SELECT i.account,
       i.symbol,
       n.pair,
       n.margin_asset,
       (SELECT l.position_side
          FROM leg AS l
         CROSS JOIN trade AS t INDEXED BY trade_by_id
            ON t.leg_id = l.leg_id AND t.trade_id = i.trade_id
         WHERE l.account_id = i.account_id AND l.contract_id = n.contract_id AND i.trade_id <> ''
         ORDER BY t.source, t.capture_id DESC, l.position_side LIMIT 1) AS position_side,
       i.asset,
       i.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.time_ms / 1000.0, 'unixepoch') AS time,
       i.income_type,
       i.income_e8 / 1e8 AS income,
       i.price_e8 / 1e8 AS price,
       (i.income_e8 / 100000000 * i.price_e8
        + i.income_e8 % 100000000 * (i.price_e8 / 100000000)
        + (i.income_e8 % 100000000 * (i.price_e8 % 100000000)
           + iif(i.income_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS income_usd,
       i.info,
       i.tran_id,
       i.trade_id,
       i.revision,
       i.capture_id,
       i.price_ms
  FROM (SELECT r.*,
               iif(coalesce((-l.rank, v.time_ms) > (-c.rank, m.time_ms), m.time_ms IS NULL), v.mark_price_e8, m.mark_price_e8)
                   AS price_e8,
               iif(coalesce((-l.rank, v.time_ms) > (-c.rank, m.time_ms), m.time_ms IS NULL), v.time_ms, m.time_ms) AS price_ms
          FROM income_told AS r
          LEFT JOIN valuation AS v
            ON (v.leg_id, v.time_ms)
               = (SELECT x.leg_id, x.time_ms
                    FROM asset_leg AS g
                   CROSS JOIN valuation AS x
                      ON x.leg_id = g.leg_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id AND w.time_ms <= r.time_ms AND w.mark_price_e8 > 0)
                   WHERE g.asset = r.asset
                     AND g.first_ms <= r.time_ms
                     AND (g.rank = 0 OR g.perpetual_ms IS NULL OR g.perpetual_ms > r.time_ms)
                   ORDER BY g.rank, x.time_ms DESC, g.delivery_ms NULLS LAST, g.symbol, g.leg_id LIMIT 1)
          LEFT JOIN asset_leg AS l ON l.leg_id = v.leg_id
          LEFT JOIN mark AS m
            ON (m.contract_id, m.time_ms, m.capture_id)
               = (SELECT x.contract_id, x.time_ms, x.capture_id
                    FROM asset_contract AS g
                   CROSS JOIN mark AS x
                      ON x.contract_id = g.contract_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM mark AS w
                                       WHERE w.contract_id = g.contract_id
                                         AND w.time_ms <= r.time_ms
                                         AND w.mark_price_e8 > 0)
                     AND x.mark_price_e8 > 0
                   WHERE g.asset = r.asset
                   ORDER BY g.rank, x.time_ms DESC, g.delivery_ms NULLS LAST, g.symbol, x.capture_id DESC LIMIT 1)
          LEFT JOIN asset_contract AS c ON c.contract_id = m.contract_id) AS i
  LEFT JOIN contract AS n ON n.product = i.product AND n.symbol = i.symbol;
