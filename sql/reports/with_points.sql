-- What the sampled reports of legs go on with, after with_samples and with_legs.
-- `point`: each leg at each sample. `shown_ms` is the time to show; `at_ms` the valuation that holds,
-- NULL in a gap; `since_ms` to `until_ms` are the valuations since the sample before. Of a leg that
-- stands flat nothing is written until it changes, so they begin with the one that held at the first poll.
, point (account, symbol, position_side, margin_asset, contract_size, number, shown_ms, at_ms, since_ms,
       until_ms) AS MATERIALIZED (
    SELECT l.account,
           l.symbol,
           l.position_side,
           l.margin_asset,
           l.contract_size,
           s.number,
           iif(:every_ms IS NULL, coalesce(s.known_ms, s.moment_ms), s.moment_ms),
           (SELECT h.time_ms
              FROM pnl_history AS h
             WHERE h.account = l.account
               AND h.symbol = l.symbol
               AND h.position_side = l.position_side
               AND h.time_ms <= iif(s.number = 0, coalesce(s.known_ms, s.next_ms), s.known_ms)
             ORDER BY h.time_ms DESC
             LIMIT 1),
           coalesce((SELECT h.time_ms
                       FROM pnl_history AS h
                      WHERE h.account = l.account
                        AND h.symbol = l.symbol
                        AND h.position_side = l.position_side
                        AND h.time_ms <= s.first_ms
                      ORDER BY h.time_ms DESC
                      LIMIT 1), s.first_ms),
           s.moment_ms
      FROM leg AS l
     CROSS JOIN sample AS s ON s.account = l.account
)
