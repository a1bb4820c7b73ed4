-- Everything that changed a wallet, as it was told last: realized PnL, funding, commission, transfers and what
-- else the exchange names. `position_side` is that of the leg whose trade made it, NULL where it names no
-- trade that is known; where legs of both sides have it, that which userTrades told last, else the stream. In USD at
-- the mark price known then, as in equity_history.
CREATE VIEW income_history AS
SELECT i.account,
       i.symbol,
       n.pair,
       n.margin_asset,
       i.position_side,
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
--include side_of_trade
               AS position_side,
               coalesce(v.mark_price_e8, m.mark_price_e8, x.index_price_e8) AS price_e8,
               coalesce(v.time_ms, m.time_ms, x.time_ms) AS price_ms
          FROM income_told AS r
--include price_of
         ) AS i
  LEFT JOIN contract AS n ON n.product = i.product AND n.symbol = i.symbol;
