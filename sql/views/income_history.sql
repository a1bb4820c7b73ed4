-- Everything that changed a wallet, as it was told last: realized PnL, funding, commission, transfers and what
-- else the exchange names. `position_side` is that of the leg whose trade made it, NULL where it names no
-- trade that is known; where legs of both sides have it, that which userTrades told last, else the stream. In USD at
-- the mark price known then, as in equity_history.
CREATE VIEW income_history AS
SELECT i.account,
       i.symbol,
       c.pair,
       c.margin_asset,
       (SELECT l.position_side
          FROM leg AS l
         CROSS JOIN trade AS t INDEXED BY trade_by_id
            ON t.leg_id = l.leg_id AND t.trade_id = i.trade_id
         WHERE l.account_id = i.account_id AND l.contract_id = c.contract_id AND i.trade_id <> ''
         ORDER BY t.source, t.capture_id DESC, l.position_side LIMIT 1) AS position_side,
       i.asset,
       i.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.time_ms / 1000.0, 'unixepoch') AS time,
       i.income_type,
       i.income_e8 / 1e8 AS income,
       v.mark_price_e8 / 1e8 AS price,
       (i.income_e8 / 100000000 * v.mark_price_e8
        + i.income_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (i.income_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(i.income_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS income_usd,
       i.info,
       i.tran_id,
       i.trade_id,
       i.revision,
       i.capture_id
  FROM income_told AS i
  LEFT JOIN contract AS c ON c.product = i.product AND c.symbol = i.symbol
  LEFT JOIN valuation AS v
    ON (v.leg_id, v.time_ms)
       = (SELECT p.leg_id, p.time_ms
            FROM (SELECT x.leg_id,
                         x.time_ms,
                         g.rank,
                         g.delivery_ms,
                         g.symbol,
                         x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id AND w.time_ms <= i.time_ms) AS stands
                    FROM asset_leg AS g
                   CROSS JOIN valuation AS x
                      ON x.leg_id = g.leg_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id
                                         AND w.time_ms <= i.time_ms
                                         AND w.mark_price_e8 > 0)
                   WHERE g.account_id = i.account_id AND g.asset = i.asset) AS p
           ORDER BY p.stands DESC, p.rank, p.time_ms DESC, p.delivery_ms NULLS LAST, p.symbol, p.leg_id
           LIMIT 1);
