-- What each asset of an account came to at each sample, in the asset and in USD, and the highest margin ratio since
-- the sample before. Assets of which there never was any in the range are shown with :all. After with_balances,
-- with_range and with_samples.
, held AS MATERIALIZED (
    SELECT r.account, r.asset, n.account_id, k.from_ms AS running_ms
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN poll_running AS k ON k.account_id = n.account_id
     CROSS JOIN asset_range AS r ON r.account = a.account
     WHERE r.from_ms < a.to_ms
       AND (:all OR EXISTS (SELECT 1
                              FROM balance AS b
                             WHERE b.account_id = n.account_id
                               AND b.asset = r.asset
                               AND b.time_ms >= a.from_ms
                               AND b.time_ms < a.to_ms
                               AND (b.wallet_balance_e8 <> 0 OR b.margin_balance_e8 <> 0)))
),
point AS MATERIALIZED (
    SELECT h.account,
           h.asset,
           h.account_id,
           h.running_ms,
           m.number,
           m.covered,
           iif(:every_ms IS NULL, coalesce(m.known_ms, m.moment_ms), m.moment_ms) AS shown_ms,
           (SELECT max(b.time_ms)
              FROM balance AS b
             WHERE b.account_id = h.account_id AND b.asset = h.asset AND b.time_ms <= m.known_ms) AS at_ms,
           coalesce((SELECT max(b.time_ms)
                       FROM balance AS b
                      WHERE b.account_id = h.account_id AND b.asset = h.asset AND b.time_ms <= m.first_ms),
                    m.first_ms) AS since_ms,
           m.moment_ms AS until_ms
      FROM held AS h
     CROSS JOIN sample AS m ON m.account = h.account AND m.number > 0
),
valued AS (
    SELECT t.*, e.wallet_balance, e.unrealized_pnl, e.margin_balance, e.maintenance_margin, e.margin_ratio,
           e.price, e.price_ms, e.wallet_balance_usd, e.unrealized_pnl_usd, e.margin_balance_usd
      FROM point AS t
     CROSS JOIN equity_history AS e
        ON e.account = t.account AND e.asset = t.asset AND e.time_ms = t.at_ms
    UNION ALL
    SELECT t.*, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM point AS t WHERE t.at_ms IS NULL
)
SELECT account,
       asset,
       strftime('%Y-%m-%dT%H:%M:%fZ', shown_ms / 1000.0, 'unixepoch') AS time,
       wallet_balance,
       unrealized_pnl,
       margin_balance,
       maintenance_margin,
       round(margin_ratio * 1e8) / 1e8 AS margin_ratio,
       iif(t.at_ms IS NULL, NULL,
           -- of the hours that lie in the step, and the rows before, after and where the hour has none
           (SELECT max(margin_ratio)
              FROM (SELECT coalesce(s.margin_ratio_max_e8 / 1e8,
                                    (SELECT round(max(b.maintenance_margin_e8 * 1.0 / b.margin_balance_e8) * 1e8) / 1e8
                                       FROM balance AS b
                                      WHERE b.account_id = t.account_id
                                        AND b.asset = t.asset
                                        AND b.time_ms BETWEEN s.hour_ms AND s.hour_ms + 3599999)) AS margin_ratio
                      FROM balance_hour AS s
                     WHERE s.account_id = t.account_id
                       AND s.asset = t.asset
                       AND s.hour_ms >= t.since_ms
                       AND s.hour_ms < min(t.until_ms - 3599999, t.running_ms)
                     UNION ALL
                    SELECT round(max(b.maintenance_margin_e8 * 1.0 / b.margin_balance_e8) * 1e8) / 1e8
                      FROM balance AS b
                     WHERE b.account_id = t.account_id
                       AND b.asset = t.asset
                       AND b.time_ms >= t.since_ms
                       AND b.time_ms < min(t.until_ms, (t.since_ms + 3599999) / 3600000 * 3600000)
                     UNION ALL
                    SELECT round(max(b.maintenance_margin_e8 * 1.0 / b.margin_balance_e8) * 1e8) / 1e8
                      FROM balance AS b
                     WHERE b.account_id = t.account_id
                       AND b.asset = t.asset
                       AND b.time_ms >= max((t.since_ms + 3599999) / 3600000 * 3600000, min(t.until_ms, t.running_ms) / 3600000 * 3600000)
                       AND b.time_ms < t.until_ms))) AS margin_ratio_max,
       price,
       wallet_balance_usd,
       unrealized_pnl_usd,
       margin_balance_usd,
       price_ms,
       covered
  FROM valued AS t
 ORDER BY account, asset, number
