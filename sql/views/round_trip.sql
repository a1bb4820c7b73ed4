-- From flat to flat: what a leg's trades, funding and settlement came to, each trip a row, with what was not recorded of it.
-- Amounts of money are sums of integers. Prices are averages that keep the value: of an inverse contract, whose value
-- is contracts / price, of a linear one contracts x price. In USD at the mark price of the asset that was known at the end, as in equity_history.
CREATE VIEW round_trip AS
WITH
part AS MATERIALIZED (
    SELECT * FROM trip_part
),
trip AS MATERIALIZED (
    SELECT leg_id,
           trip,
           iif(max(before_e8) > 0 OR max(after_e8) > 0, 'long', 'short') AS direction,
           min(iif(is_first, time_ms, NULL)) AS opened_ms,
           max(iif(is_last, time_ms, NULL)) AS closed_ms,
           min(time_ms) AS from_ms,
           max(iif(kind IN ('funding', 'settlement'), NULL, time_ms)) AS changed_ms,
           max(max(abs(before_e8), abs(after_e8))) AS max_amount_e8,
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
      FROM part
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
judged AS MATERIALIZED (
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
),
known_of AS (
    SELECT *,
           iif(fundings = 0 AND NOT coalesce(held & 8, 0), NULL, funding_e8) AS paid_e8,
           coalesce(held & 1, 0)
               OR EXISTS (SELECT 1
                            FROM known_span AS k
                           WHERE (k.account_id, k.kind, k.symbol) = (j.account_id, 'stream', '')
                             AND k.to_ms > j.changed_ms
                             AND k.from_ms <= j.from_ms) AS has_trades,
           coalesce(held & 2, 0)
               OR EXISTS (SELECT 1
                            FROM known_span AS k
                           WHERE (k.account_id, k.kind, k.symbol) = (j.account_id, 'polls', '')
                             AND k.to_ms >= j.closed_ms
                             AND k.from_ms <= j.from_ms) AS has_polls
      FROM judged AS j
),
-- From one change of what is realized to the next: whole hours as they were summed up lie from whole_ms to before
-- rest_ms, none where they are the same. A poll just after a trade may still show what was before.
step AS (
    SELECT *,
           iif(rest_ms > first_hour_ms, first_hour_ms, until_ms) AS whole_ms
      FROM (SELECT *,
                   min(until_ms / 3600000 * 3600000, summed_ms) AS rest_ms
              FROM (SELECT p.leg_id,
                           p.trip,
                           p.time_ms,
                           iif(p.kind = 'trade', p.time_ms, 0) AS update_ms,
                           (p.time_ms + 3659999) / 3600000 * 3600000 AS first_hour_ms,
                           lead(p.time_ms, 1, 9000000000000000) OVER steps AS until_ms,
                           sum(p.realized_pnl_e8) OVER steps AS realized_e8,
                           p.after_e8,
                           r.from_ms AS summed_ms
                      FROM part AS p
                     CROSS JOIN leg AS l ON l.leg_id = p.leg_id
                     CROSS JOIN poll_running AS r ON r.account_id = l.account_id
                     WHERE p.kind <> 'funding'
                    WINDOW steps AS (PARTITION BY p.leg_id, p.trip ORDER BY p.number ROWS UNBOUNDED PRECEDING)))
     WHERE after_e8 <> 0 AND until_ms > time_ms
),
-- The highest and the lowest by whole hours first. A part of an hour is read only where its hours go beyond these: what it
-- has is among theirs.
whole AS MATERIALIZED (
    SELECT s.leg_id,
           s.trip,
           max(s.realized_e8 + h.unrealized_pnl_max_e8) AS max_e8,
           min(s.realized_e8 + h.unrealized_pnl_min_e8) AS min_e8
      FROM step AS s
     CROSS JOIN leg_hour AS h ON h.leg_id = s.leg_id AND h.hour_ms >= s.whole_ms AND h.hour_ms < s.rest_ms
     GROUP BY s.leg_id, s.trip
),
-- The highest and the lowest of each part are one text, so that one reading gives both.
rest AS (
    SELECT s.leg_id,
           s.trip,
           s.realized_e8,
           (SELECT max(v.unrealized_pnl_e8) || ' ' || min(v.unrealized_pnl_e8)
              FROM valuation AS v
             WHERE v.leg_id = s.leg_id
               AND v.time_ms >= s.first_ms
               AND v.time_ms < s.end_ms
               AND v.update_ms >= s.update_ms) AS unrealized
      FROM (SELECT s.*,
                   iif(e.is_rest, s.rest_ms, s.time_ms) AS first_ms,
                   iif(e.is_rest, s.until_ms, s.whole_ms) AS end_ms
              FROM step AS s
             CROSS JOIN (SELECT 0 AS is_rest UNION ALL SELECT 1) AS e
                ON s.whole_ms < s.until_ms OR NOT e.is_rest) AS s
      LEFT JOIN whole AS w ON w.leg_id = s.leg_id AND w.trip = s.trip
     WHERE w.leg_id IS NULL
        OR s.end_ms > s.summed_ms
        OR coalesce((SELECT max(h.unrealized_pnl_max_e8) + s.realized_e8 > w.max_e8
                            OR min(h.unrealized_pnl_min_e8) + s.realized_e8 < w.min_e8
                       FROM leg_hour AS h
                      WHERE h.leg_id = s.leg_id AND h.hour_ms > s.first_ms - 3600000 AND h.hour_ms < s.end_ms), 1)
     LIMIT -1 -- so that it is read once
),
extreme AS MATERIALIZED (
    SELECT leg_id, trip, max(max_e8) AS max_e8, min(min_e8) AS min_e8
      FROM (SELECT leg_id, trip, max_e8, min_e8 FROM whole
             UNION ALL
            SELECT leg_id,
                   trip,
                   realized_e8 + CAST(unrealized AS INTEGER),
                   realized_e8 + CAST(substr(unrealized, instr(unrealized, ' ')) AS INTEGER)
              FROM rest)
     GROUP BY leg_id, trip
)
SELECT t.account,
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
       -- After a table of several rows SQLite seeks a trip's extremes by an index of its own, and goes through all else.
       iif(t.realized_pnl_e8 IS NULL, NULL,
           (SELECT x.max_e8
              FROM account
             CROSS JOIN extreme AS x ON x.leg_id = t.leg_id AND x.trip = t.trip LIMIT 1) / 1e8) AS max_favourable,
       iif(t.realized_pnl_e8 IS NULL, NULL,
           (SELECT x.min_e8
              FROM account
             CROSS JOIN extreme AS x ON x.leg_id = t.leg_id AND x.trip = t.trip LIMIT 1) / 1e8) AS max_adverse,
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
