-- The equity curve: each asset's wallet, unrealized PnL and margin balance, in the asset and in USD. `price` is one
-- steady price of the asset: the newest mark of its perpetual that was known then, whoever's leg or premiumIndex told it,
-- and `price_ms` when that was; another contract's only where there never was one, the newest, and of those the one
-- delivered first. NULL, and so the USD, when there is none. The products are in integers, as in pnl_history, and exact
-- to eight places.
CREATE VIEW equity_history AS
SELECT account,
       asset,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       update_ms,
       wallet_balance_e8 / 1e8 AS wallet_balance,
       unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       margin_balance_e8 / 1e8 AS margin_balance,
       maintenance_margin_e8 / 1e8 AS maintenance_margin,
       maintenance_margin_e8 * 1.0 / nullif(margin_balance_e8, 0) AS margin_ratio,
       price_e8 / 1e8 AS price,
       price_ms,
       (wallet_balance_e8 / 100000000 * price_e8
        + wallet_balance_e8 % 100000000 * (price_e8 / 100000000)
        + (wallet_balance_e8 % 100000000 * (price_e8 % 100000000)
           + iif(wallet_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS wallet_balance_usd,
       (unrealized_pnl_e8 / 100000000 * price_e8
        + unrealized_pnl_e8 % 100000000 * (price_e8 / 100000000)
        + (unrealized_pnl_e8 % 100000000 * (price_e8 % 100000000)
           + iif(unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS unrealized_pnl_usd,
       (margin_balance_e8 / 100000000 * price_e8
        + margin_balance_e8 % 100000000 * (price_e8 / 100000000)
        + (margin_balance_e8 % 100000000 * (price_e8 % 100000000)
           + iif(margin_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS margin_balance_usd,
       capture_id
  FROM (SELECT a.name AS account,
               b.*,
               iif(coalesce((-l.rank, v.time_ms) > (-c.rank, m.time_ms), m.time_ms IS NULL), v.mark_price_e8, m.mark_price_e8)
                   AS price_e8,
               iif(coalesce((-l.rank, v.time_ms) > (-c.rank, m.time_ms), m.time_ms IS NULL), v.time_ms, m.time_ms) AS price_ms
          FROM account AS a
         CROSS JOIN balance AS b
            ON b.account_id = a.account_id AND b.asset IN (SELECT asset FROM asset_of_account)
          LEFT JOIN valuation AS v
            ON (v.leg_id, v.time_ms)
               = (SELECT x.leg_id, x.time_ms
                    FROM asset_leg AS g
                   CROSS JOIN valuation AS x
                      ON x.leg_id = g.leg_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id AND w.time_ms <= b.time_ms AND w.mark_price_e8 > 0)
                   WHERE g.asset = b.asset
                     AND g.first_ms <= b.time_ms
                     AND (g.rank = 0 OR g.perpetual_ms IS NULL OR g.perpetual_ms > b.time_ms)
                   ORDER BY g.rank, x.time_ms DESC, g.delivery_ms NULLS LAST, g.symbol, g.leg_id LIMIT 1)
          LEFT JOIN asset_leg AS l ON l.leg_id = v.leg_id
          LEFT JOIN mark AS m
            ON (m.contract_id, m.time_ms, m.capture_id)
               = (SELECT x.contract_id, x.time_ms, x.capture_id
                    FROM asset_contract AS g
                   CROSS JOIN mark AS x
                      ON x.contract_id = g.contract_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM mark AS w
                                       WHERE w.contract_id = g.contract_id
                                         AND w.time_ms <= b.time_ms
                                         AND w.mark_price_e8 > 0)
                     AND x.mark_price_e8 > 0
                   WHERE g.asset = b.asset
                   ORDER BY g.rank, x.time_ms DESC, g.delivery_ms NULLS LAST, g.symbol, x.capture_id DESC LIMIT 1)
          LEFT JOIN asset_contract AS c ON c.contract_id = m.contract_id);
