-- What the sampled reports go on with, after with_samples and with_legs.
-- `point`: each leg at each sample. `shown_ms` is the time to show; `at_ms` the valuation that holds,
-- NULL in a gap; from `since_ms` to it are the valuations since the sample before. Of a leg that
-- stands flat nothing is written until it changes, so they begin with the one that held at the first poll.
-- `valued`: each point with what the leg's valuation says there; NULLs in a gap.
, point (account, symbol, position_side, margin_asset, leg_id, number, moment_ms, covered, shown_ms, at_ms, since_ms)
       AS MATERIALIZED (
    SELECT l.account,
           l.symbol,
           l.position_side,
           l.margin_asset,
           l.leg_id,
           m.number,
           m.moment_ms,
           m.covered,
           iif(:every_ms IS NULL, coalesce(m.known_ms, m.moment_ms), m.moment_ms),
           (SELECT h.time_ms
              FROM valuation AS h
             WHERE h.leg_id = l.leg_id
               AND h.time_ms <= iif(m.number = 0, coalesce(m.known_ms, m.next_ms), m.known_ms)
             ORDER BY h.time_ms DESC
             LIMIT 1),
           coalesce((SELECT h.time_ms
                       FROM valuation AS h
                      WHERE h.leg_id = l.leg_id
                        AND h.time_ms <= m.first_ms
                      ORDER BY h.time_ms DESC
                      LIMIT 1), m.first_ms)
      FROM asked_leg AS l
     CROSS JOIN sample AS m ON m.account = l.account
),
valued (account, symbol, position_side, margin_asset, leg_id, number, moment_ms, covered, shown_ms, at_ms, since_ms,
        position_amount, entry_price, mark_price, unrealized_pnl, unrealized_pnl_usd) AS (
    SELECT t.*, h.position_amount, h.entry_price, h.mark_price, h.unrealized_pnl, h.unrealized_pnl_usd
      FROM point AS t
     CROSS JOIN pnl_history AS h
        ON (h.account, h.symbol, h.position_side) = (t.account, t.symbol, t.position_side)
       AND h.time_ms = t.at_ms
    UNION ALL
    SELECT t.*, NULL, NULL, NULL, NULL, NULL
      FROM point AS t
     WHERE t.at_ms IS NULL
)
