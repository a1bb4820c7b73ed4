-- From flat to flat: round trips with the highest and the lowest that each stood at.
CREATE VIEW round_trip AS
WITH
-- Since when a leg's polls are not summed up, once for all its steps.
summed AS MATERIALIZED (
    SELECT l.leg_id, r.from_ms FROM leg AS l JOIN poll_running AS r ON r.account_id = l.account_id
),
-- From one change of what is realized to the next: whole hours as they were summed up lie from whole_ms to before
-- rest_ms, none where they are the same. A poll just after a trade may still show what was before.
step AS MATERIALIZED (
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
                      FROM trip_part AS p
                     CROSS JOIN summed AS r ON r.leg_id = p.leg_id
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
       t.opened,
       t.closed_ms,
       t.closed,
       t.held_s,
       t.max_amount,
       t.entry_amount,
       t.exit_amount,
       t.entry_price,
       t.exit_price,
       t.trades,
       t.realized_pnl,
       t.commission,
       t.funding,
       t.net_pnl,
       t.net_pnl_usd,
       t.leverage,
       t.margin_type,
       t.close_kind,
       -- After a table of several rows SQLite seeks a trip's extremes by an index of its own, and goes through all else.
       iif(t.realized_pnl IS NULL, NULL,
           (SELECT x.max_e8
              FROM account
             CROSS JOIN extreme AS x ON x.leg_id = t.leg_id AND x.trip = t.trip LIMIT 1) / 1e8) AS max_favourable,
       iif(t.realized_pnl IS NULL, NULL,
           (SELECT x.min_e8
              FROM account
             CROSS JOIN extreme AS x ON x.leg_id = t.leg_id AND x.trip = t.trip LIMIT 1) / 1e8) AS max_adverse,
       t.missing
  FROM trip_sum AS t;
