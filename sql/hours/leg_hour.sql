-- An account's valuations of the hour from :hour_ms on, summed up by leg, in the columns of leg_hour. What is 1e-8 off
-- or less is no finding: it is the least tolerance there is, and asked first because that is cheap. Ratios are rounded
-- to eight places, and are NULL where they do not fit into the column.
SELECT s.leg_id,
       :hour_ms,
       s.first_ms,
       s.last_ms,
       s.valuations,
       s.findings,
       f.unrealized_pnl_e8,
       z.unrealized_pnl_e8,
       s.unrealized_pnl_min_e8,
       s.unrealized_pnl_max_e8,
       iif(typeof(f.unrealized_pnl_usd_e8) = 'integer', f.unrealized_pnl_usd_e8, NULL),
       iif(typeof(z.unrealized_pnl_usd_e8) = 'integer', z.unrealized_pnl_usd_e8, NULL),
       iif(typeof(s.unrealized_pnl_usd_min_e8) = 'integer', s.unrealized_pnl_usd_min_e8, NULL),
       iif(typeof(s.unrealized_pnl_usd_max_e8) = 'integer', s.unrealized_pnl_usd_max_e8, NULL),
       f.isolated_margin_e8,
       z.isolated_margin_e8,
       s.isolated_margin_min_e8,
       s.isolated_margin_max_e8,
       iif(abs(f.initial_margin) < 9e10, CAST(round(f.initial_margin * 1e8) AS INTEGER), NULL),
       iif(abs(z.initial_margin) < 9e10, CAST(round(z.initial_margin * 1e8) AS INTEGER), NULL),
       iif(abs(s.initial_margin_min) < 9e10, CAST(round(s.initial_margin_min * 1e8) AS INTEGER), NULL),
       iif(abs(s.initial_margin_max) < 9e10, CAST(round(s.initial_margin_max * 1e8) AS INTEGER), NULL),
       iif(abs(f.liquidation_distance) < 9e10, CAST(round(f.liquidation_distance * 1e8) AS INTEGER), NULL),
       iif(abs(z.liquidation_distance) < 9e10, CAST(round(z.liquidation_distance * 1e8) AS INTEGER), NULL),
       iif(abs(s.liquidation_distance_min) < 9e10, CAST(round(s.liquidation_distance_min * 1e8) AS INTEGER), NULL),
       iif(abs(s.liquidation_distance_max) < 9e10, CAST(round(s.liquidation_distance_max * 1e8) AS INTEGER), NULL)
  FROM (SELECT leg_id,
               account,
               symbol,
               position_side,
               min(time_ms) AS first_ms,
               max(time_ms) AS last_ms,
               count(*) AS valuations,
               count(CASE
                         WHEN unrealized_pnl_e8 - expected_pnl_e8 NOT BETWEEN -1 AND 1
                              AND abs((unrealized_pnl_e8 - expected_pnl_e8) / 1e8) > pnl_tolerance THEN 1
                         WHEN isolated_margin_e8 <> 0 AND margin_type = 'cross' THEN 1
                     END) AS findings,
               min(unrealized_pnl_e8) AS unrealized_pnl_min_e8,
               max(unrealized_pnl_e8) AS unrealized_pnl_max_e8,
               min(unrealized_pnl_usd_e8) AS unrealized_pnl_usd_min_e8,
               max(unrealized_pnl_usd_e8) AS unrealized_pnl_usd_max_e8,
               min(isolated_margin_e8) AS isolated_margin_min_e8,
               max(isolated_margin_e8) AS isolated_margin_max_e8,
               min(initial_margin) AS initial_margin_min,
               max(initial_margin) AS initial_margin_max,
               min(liquidation_distance) AS liquidation_distance_min,
               max(liquidation_distance) AS liquidation_distance_max
          FROM valuation_history
         WHERE account = :account
           AND time_ms BETWEEN :hour_ms AND :hour_ms + 3599999
         GROUP BY symbol, position_side) AS s
 CROSS JOIN valuation_history AS f
    ON (f.account, f.symbol, f.position_side) = (s.account, s.symbol, s.position_side)
   AND f.time_ms = s.first_ms
 CROSS JOIN valuation_history AS z
    ON (z.account, z.symbol, z.position_side) = (s.account, s.symbol, s.position_side)
   AND z.time_ms = s.last_ms;
