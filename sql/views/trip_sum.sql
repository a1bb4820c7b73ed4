-- Round trips but for their highest and lowest: what a leg's trades, funding and settlement came to, each trip a row, with what was
-- not recorded of it.
-- Amounts of money are sums of integers. Prices are averages that keep the value: of an inverse contract, whose value
-- is contracts / price, of a linear one contracts x price. In USD at the mark price of the asset that was known at the end, as in equity_history.
CREATE VIEW trip_sum AS
WITH
-- What a trip held it held after one of its parts: each begins where the one before left it, the first with nothing.
trip AS (
    SELECT leg_id,
           trip,
           iif(max(after_e8) > 0, 'long', 'short') AS direction,
           min(iif(is_first, time_ms, NULL)) AS opened_ms,
           max(iif(is_last, time_ms, NULL)) AS closed_ms,
           min(time_ms) AS from_ms,
           max(iif(kind IN ('funding', 'settlement'), NULL, time_ms)) AS changed_ms,
           max(abs(after_e8)) AS max_amount_e8,
           sum(max(abs(after_e8) - abs(before_e8), 0)) AS entry_amount_e8,
           sum(max(abs(before_e8) - abs(after_e8), 0)) AS exit_amount_e8,
           sum(max(abs(after_e8) - abs(before_e8), 0) * 1.0 / price_e8) AS entry_value,
           sum(max(abs(before_e8) - abs(after_e8), 0) * 1.0 / price_e8) AS exit_value,
           sum(max(abs(after_e8) - abs(before_e8), 0) * (price_e8 / 1e8)) AS entry_cost,
           sum(max(abs(before_e8) - abs(after_e8), 0) * (price_e8 / 1e8)) AS exit_cost,
           sum(abs(after_e8) > abs(before_e8) AND coalesce(price_e8, 0) <= 0) AS entries_unpriced,
           sum(abs(after_e8) < abs(before_e8) AND coalesce(price_e8, 0) <= 0) AS exits_unpriced,
           sum(kind = 'trade') AS trades,
           sum(kind = 'unknown' OR quantity_e8 IS NULL) AS unknown,
           sum(kind = 'funding') AS fundings,
           iif(count(*) = count(realized_pnl_e8), sum(realized_pnl_e8), NULL) AS realized_pnl_e8,
           iif(count(*) = count(commission_e8), sum(commission_e8), NULL) AS commission_e8,
           iif(count(*) = count(funding_e8), sum(funding_e8), NULL) AS funding_e8,
           max(iif(is_last, kind, NULL)) AS last_kind,
           max(iif(is_last, id, NULL)) AS last_id
      FROM trip_part
     GROUP BY leg_id, trip
),
-- What is known: of money all of its spans, which are few, of polls and the stream that which goes on, if any.
span AS MATERIALIZED (
    SELECT a.account_id, k.kind, k.symbol, k.from_ms, k.to_ms
      FROM known AS k
      JOIN account AS a ON a.name = k.account
     WHERE k.kind IN ('income', 'trades')
    UNION ALL
    SELECT account_id, kind, '', from_ms, to_ms FROM known_running
),
judged AS (
    SELECT t.*,
           a.account_id,
           a.name AS account,
           c.symbol,
           c.pair,
           c.margin_asset,
           c.contract_id,
           c.delivery_ms,
--include is_linear
               AS is_linear,
           l.position_side,
           -- Bit by bit whether one span holds all of it: of trades or the stream, of polls, of income; any income at all.
           (SELECT max(k.kind IN ('trades', 'stream') AND k.from_ms <= t.from_ms AND k.to_ms > t.changed_ms)
                   + 2 * max(k.kind = 'polls' AND k.from_ms <= t.from_ms AND k.to_ms >= coalesce(t.closed_ms, k.to_ms))
                   + 4 * max(k.kind = 'income'
                             AND k.from_ms <= t.from_ms
                             AND k.to_ms > coalesce(t.closed_ms, t.changed_ms))
                   + 8 * max(k.kind = 'income'
                             AND k.from_ms <= coalesce(t.closed_ms, k.from_ms)
                             AND k.to_ms > t.from_ms)
              FROM span AS k
             WHERE k.account_id = a.account_id AND k.symbol IN ('', c.symbol)) AS held
      FROM trip AS t
     CROSS JOIN leg AS l ON l.leg_id = t.leg_id
     CROSS JOIN account AS a ON a.account_id = l.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     LIMIT -1
),
-- Spans of polls, and of the stream, do not overlap: the first that ends late enough is the one that may hold a trip.
known_of AS (
    SELECT *,
           iif(fundings = 0 AND NOT coalesce(held & 8, 0), NULL, funding_e8) AS paid_e8,
           coalesce(held & 1, 0)
               OR coalesce((SELECT k.from_ms <= j.from_ms
                              FROM known_span AS k
                             WHERE (k.account_id, k.kind, k.symbol) = (j.account_id, 'stream', '')
                               AND k.to_ms > j.changed_ms
                             ORDER BY k.to_ms, k.from_ms LIMIT 1), 0) AS has_trades,
           coalesce(held & 2, 0)
               OR coalesce((SELECT k.from_ms <= j.from_ms
                              FROM known_span AS k
                             WHERE (k.account_id, k.kind, k.symbol) = (j.account_id, 'polls', '')
                               AND k.to_ms >= j.closed_ms
                             ORDER BY k.to_ms, k.from_ms LIMIT 1), 0) AS has_polls
      FROM judged AS j
)
SELECT t.leg_id,
       t.account,
       t.symbol,
       t.pair,
       t.margin_asset,
       t.position_side,
       t.trip,
       t.direction,
       t.opened_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.opened_ms / 1000.0, 'unixepoch') AS opened,
       t.closed_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.closed_ms / 1000.0, 'unixepoch') AS closed,
       (coalesce(t.closed_ms,
                 (SELECT max(v.time_ms) FROM valuation AS v WHERE v.leg_id = t.leg_id AND v.time_ms >= t.changed_ms),
                 t.changed_ms) - t.opened_ms) / 1000.0 AS held_s,
       t.max_amount_e8 / 1e8 AS max_amount,
       iif(t.opened_ms IS NULL, NULL, t.entry_amount_e8 / 1e8) AS entry_amount,
       t.exit_amount_e8 / 1e8 AS exit_amount,
       iif(t.opened_ms IS NULL OR t.entries_unpriced, NULL,
           round(iif(t.is_linear, t.entry_cost / t.entry_amount_e8, t.entry_amount_e8 / t.entry_value / 1e8), 8))
           AS entry_price,
       iif(t.exits_unpriced, NULL,
           round(iif(t.is_linear, t.exit_cost / t.exit_amount_e8, t.exit_amount_e8 / t.exit_value / 1e8), 8)) AS exit_price,
       t.trades,
       t.realized_pnl_e8 / 1e8 AS realized_pnl,
       t.commission_e8 / 1e8 AS commission,
       t.paid_e8 / 1e8 AS funding,
       t.net_e8 / 1e8 AS net_pnl,
       (t.net_e8 / 100000000 * t.price_e8
        + t.net_e8 % 100000000 * (t.price_e8 / 100000000)
        + (t.net_e8 % 100000000 * (t.price_e8 % 100000000)
           + iif(t.net_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8 AS net_pnl_usd,
       coalesce(p.leverage,
                (SELECT k.leverage
                   FROM symbol_config AS k
                  WHERE k.account_id = t.account_id AND k.contract_id = t.contract_id AND k.time_ms < t.time_ms
                  ORDER BY k.time_ms DESC LIMIT 1)) AS leverage,
       coalesce(p.margin_type,
                (SELECT CASE k.margin_type WHEN 'CROSSED' THEN 'cross' ELSE lower(k.margin_type) END
                   FROM symbol_config AS k
                  WHERE k.account_id = t.account_id AND k.contract_id = t.contract_id AND k.time_ms < t.time_ms
                  ORDER BY k.time_ms DESC LIMIT 1)) AS margin_type,
       CASE t.last_kind
           WHEN 'trade' THEN coalesce((SELECT CASE
                                                  WHEN instr(o.extra, '"c":"adl_autoclose') THEN 'adl'
                                                  WHEN instr(o.extra, '"c":"settlement_autoclose-')
                                                       OR instr(o.extra, '"c":"delivery_autoclose-') THEN 'delivery'
                                                  WHEN o.execution = 'CALCULATED' OR instr(o.extra, '"c":"autoclose-')
                                                      THEN 'liquidation'
                                              END
                                         FROM trade AS o INDEXED BY trade_by_id
                                        WHERE o.leg_id = t.leg_id AND o.trade_id = t.last_id AND o.source = 'stream'
                                        ORDER BY o.capture_id DESC, o.revision DESC LIMIT 1), 'trade')
           WHEN 'delivery' THEN 'delivery'
           WHEN 'unknown' THEN iif(t.delivery_ms <= t.closed_ms, 'delivery', NULL)
       END AS close_kind,
       rtrim(iif(t.opened_ms IS NULL, 'start,', '')
             || iif(t.unknown OR NOT t.has_trades, 'trades,', '')
             || iif(t.has_polls, '', 'polls,')
             || iif(t.held & 4, '', 'income'), ',') AS missing
  FROM (SELECT r.*,
               coalesce(v.mark_price_e8, m.mark_price_e8, x.index_price_e8) AS price_e8
          FROM (SELECT *,
                       margin_asset AS asset,
                       coalesce(closed_ms, 9000000000000000) AS time_ms,
                       realized_pnl_e8 - commission_e8 + paid_e8 AS net_e8
                  FROM known_of) AS r
--include price_of
         ) AS t
  LEFT JOIN position AS p
    ON p.leg_id = t.leg_id
   AND (p.update_ms, p.revision) = (SELECT x.update_ms, x.revision
                                      FROM position AS x
                                     WHERE x.leg_id = t.leg_id
                                       AND x.update_ms < coalesce(t.closed_ms, 9000000000000000)
                                       AND x.present = 1
                                     ORDER BY x.update_ms DESC, x.revision DESC LIMIT 1);
