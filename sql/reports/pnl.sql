-- The unrealized PnL of each leg at each sample: what it was, how it changed since the range's start, and
-- the lowest and highest since the sample before (packed, so that one reading gives all four). And the money: what the
-- leg realized, its funding, commission and other income since the range's start, and with the change the total; NULL
-- where income is not known. A leg that no answer had listed as the range began held nothing then. After with_polls, with_range, with_samples, with_legs,
-- with_points, with_parts and with_income.
, ranged AS (
    SELECT t.*,
           CASE
               WHEN t.number = 0 OR t.at_ms IS NULL THEN NULL
               WHEN t.since_ms >= t.hour_ms AND t.at_ms < t.last_hour_ms + 3600000
                   THEN (SELECT json_array(min(unrealized_pnl_min_e8), max(unrealized_pnl_max_e8),
                                           min(unrealized_pnl_usd_min_e8), max(unrealized_pnl_usd_max_e8))
                           FROM leg_hour
                          WHERE leg_id = t.leg_id
                            AND hour_ms BETWEEN t.hour_ms AND t.last_hour_ms)
               ELSE (SELECT json_array(min(low_e8), max(high_e8), min(low_usd_e8), max(high_usd_e8))
                       FROM (SELECT unrealized_pnl_min_e8 AS low_e8,
                                    unrealized_pnl_max_e8 AS high_e8,
                                    unrealized_pnl_usd_min_e8 AS low_usd_e8,
                                    unrealized_pnl_usd_max_e8 AS high_usd_e8
                               FROM leg_hour
                              WHERE leg_id = t.leg_id
                                AND hour_ms BETWEEN t.hour_ms AND t.last_hour_ms
                              UNION ALL
                             SELECT unrealized_pnl_e8, unrealized_pnl_e8, unrealized_pnl_usd_e8, unrealized_pnl_usd_e8
                               FROM (SELECT t.since_ms AS from_ms, min(t.at_ms, t.hour_ms - 1) AS to_ms
                                      UNION ALL
                                     SELECT max(t.hour_ms, t.last_hour_ms + 3600000), t.at_ms) AS e
                              CROSS JOIN valuation_history AS v
                                 ON (v.account, v.symbol, v.position_side) = (t.account, t.symbol, t.position_side)
                                AND v.time_ms BETWEEN e.from_ms AND e.to_ms))
           END AS extremes
      FROM part AS t
),
-- Income by leg and step: in the leg's own asset, and in USD of all assets.
paid AS MATERIALIZED (
    SELECT l.leg_id,
           coalesce(step_end(e.time_ms, :every_ms, :every_months), a.to_ms) AS moment_ms,
           sum(iif(e.income_type = 'REALIZED_PNL' AND e.asset = l.margin_asset, e.income_e8, 0)) AS realized_e8,
           sum(iif(e.income_type = 'FUNDING_FEE' AND e.asset = l.margin_asset, e.income_e8, 0)) AS funding_e8,
           sum(iif(e.income_type = 'COMMISSION' AND e.asset = l.margin_asset, e.income_e8, 0)) AS commission_e8,
           sum(iif(e.income_type IN ('REALIZED_PNL', 'FUNDING_FEE', 'COMMISSION') OR e.asset <> l.margin_asset, 0,
                   e.income_e8)) AS other_e8,
           sum(iif(e.income_type = 'REALIZED_PNL', e.usd_e8, 0)) AS realized_usd_e8,
           sum(iif(e.income_type = 'FUNDING_FEE', e.usd_e8, 0)) AS funding_usd_e8,
           sum(iif(e.income_type = 'COMMISSION', e.usd_e8, 0)) AS commission_usd_e8,
           sum(iif(e.income_type IN ('REALIZED_PNL', 'FUNDING_FEE', 'COMMISSION'), 0, e.usd_e8)) AS other_usd_e8,
           sum(e.unpriced) AS unpriced
      FROM earned AS e
     CROSS JOIN asked AS a ON a.account = e.account
     CROSS JOIN asked_leg AS l ON (l.account, l.symbol, l.position_side) = (e.account, e.symbol, e.position_side)
     WHERE e.income_type NOT LIKE '%TRANSFER%'
       AND e.income_type NOT LIKE 'COIN_SWAP%'
     GROUP BY 1, 2
),
income_known AS MATERIALIZED (
    SELECT account, from_ms, to_ms FROM known WHERE kind = 'income'
),
summed AS (
    SELECT w.*,
           iif(first_value(w.at_ms) OVER leg IS NULL, 0, first_value(w.unrealized_pnl) OVER leg) AS start_pnl,
           iif(first_value(w.at_ms) OVER leg IS NULL, 0, first_value(w.unrealized_pnl_usd) OVER leg) AS start_pnl_usd,
           EXISTS (SELECT 1
                     FROM income_known AS k
                    WHERE k.account = w.account AND k.from_ms <= w.shown_ms AND k.to_ms >= w.shown_ms - 86400000)
               AS has_money,
           coalesce(sum(y.realized_e8) OVER leg, 0) AS realized_e8,
           coalesce(sum(y.funding_e8) OVER leg, 0) AS funding_e8,
           coalesce(sum(y.commission_e8) OVER leg, 0) AS commission_e8,
           coalesce(sum(y.other_e8) OVER leg, 0) AS other_e8,
           coalesce(sum(y.realized_usd_e8) OVER leg, 0) AS realized_usd_e8,
           coalesce(sum(y.funding_usd_e8) OVER leg, 0) AS funding_usd_e8,
           coalesce(sum(y.commission_usd_e8) OVER leg, 0) AS commission_usd_e8,
           coalesce(sum(y.other_usd_e8) OVER leg, 0) AS other_usd_e8,
           coalesce(sum(y.unpriced) OVER leg, 0) = 0 AS is_priced
      FROM ranged AS w
      LEFT JOIN paid AS y
        ON y.leg_id = w.leg_id AND y.moment_ms = w.moment_ms AND w.number > 0
    WINDOW leg AS (PARTITION BY w.leg_id ORDER BY w.number ROWS UNBOUNDED PRECEDING)
)
SELECT account,
       symbol,
       position_side,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       position_amount,
       margin_asset,
       unrealized_pnl,
       round((unrealized_pnl - start_pnl) * 1e8) / 1e8 AS change,
       json_extract(extremes, '$[0]') / 1e8 AS min,
       json_extract(extremes, '$[1]') / 1e8 AS max,
       unrealized_pnl_usd,
       round((unrealized_pnl_usd - start_pnl_usd) * 1e8) / 1e8 AS change_usd,
       json_extract(extremes, '$[2]') / 1e8 AS min_usd,
       json_extract(extremes, '$[3]') / 1e8 AS max_usd,
       entry_price,
       mark_price,
       iif(has_money, realized_e8 / 1e8, NULL) AS realized_pnl,
       iif(has_money, funding_e8 / 1e8, NULL) AS funding,
       iif(has_money, commission_e8 / 1e8, NULL) AS commission,
       iif(has_money, other_e8 / 1e8, NULL) AS other,
       iif(has_money, (realized_e8 + funding_e8 + commission_e8 + other_e8
                       + round((unrealized_pnl - start_pnl) * 1e8)) / 1e8, NULL) AS total,
       iif(has_money AND is_priced, realized_usd_e8 / 1e8, NULL) AS realized_pnl_usd,
       iif(has_money AND is_priced, funding_usd_e8 / 1e8, NULL) AS funding_usd,
       iif(has_money AND is_priced, commission_usd_e8 / 1e8, NULL) AS commission_usd,
       iif(has_money AND is_priced, other_usd_e8 / 1e8, NULL) AS other_usd,
       iif(has_money AND is_priced,
           (realized_usd_e8 + funding_usd_e8 + commission_usd_e8 + other_usd_e8
            + round((unrealized_pnl_usd - start_pnl_usd) * 1e8)) / 1e8, NULL) AS total_usd,
       covered
  FROM summed
 WHERE number > 0
 ORDER BY account, symbol, position_side, number
