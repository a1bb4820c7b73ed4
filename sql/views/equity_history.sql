-- The equity curve: each asset's wallet, unrealized PnL and margin balance, in the asset and in USD. `price`
-- is the mark price of the asset known then: that which a leg of one of its contracts had as it stood, the
-- perpetual's before others, and of others that of the one delivered first; where all of them stood flat without one,
-- the newest there was. `price_ms` is the valuation's. NULL, and so the USD, when there is none. The products are in
-- integers, as in pnl_history, and exact to eight places.
CREATE VIEW equity_history AS
SELECT a.name AS account,
       b.asset,
       b.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.time_ms / 1000.0, 'unixepoch') AS time,
       b.update_ms,
       b.wallet_balance_e8 / 1e8 AS wallet_balance,
       b.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       b.margin_balance_e8 / 1e8 AS margin_balance,
       b.maintenance_margin_e8 / 1e8 AS maintenance_margin,
       b.maintenance_margin_e8 * 1.0 / nullif(b.margin_balance_e8, 0) AS margin_ratio,
       v.mark_price_e8 / 1e8 AS price,
       v.time_ms AS price_ms,
       (b.wallet_balance_e8 / 100000000 * v.mark_price_e8
        + b.wallet_balance_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (b.wallet_balance_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(b.wallet_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS wallet_balance_usd,
       (b.unrealized_pnl_e8 / 100000000 * v.mark_price_e8
        + b.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (b.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(b.unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS unrealized_pnl_usd,
       (b.margin_balance_e8 / 100000000 * v.mark_price_e8
        + b.margin_balance_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (b.margin_balance_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(b.margin_balance_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS margin_balance_usd,
       b.capture_id
  FROM account AS a
 CROSS JOIN balance AS b
    ON b.account_id = a.account_id AND b.asset IN (SELECT asset FROM asset_of_account)
  LEFT JOIN valuation AS v
    ON (v.leg_id, v.time_ms)
       = (SELECT p.leg_id, p.time_ms
            FROM (SELECT x.leg_id,
                         x.time_ms,
                         g.rank,
                         g.delivery_ms,
                         g.symbol,
                         x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id AND w.time_ms <= b.time_ms) AS stands
                    FROM asset_leg AS g
                   CROSS JOIN valuation AS x
                      ON x.leg_id = g.leg_id
                     AND x.time_ms = (SELECT max(w.time_ms)
                                        FROM valuation AS w
                                       WHERE w.leg_id = g.leg_id
                                         AND w.time_ms <= b.time_ms
                                         AND w.mark_price_e8 > 0)
                   WHERE g.account_id = b.account_id AND g.asset = b.asset) AS p
           ORDER BY p.stands DESC, p.rank, p.time_ms DESC, p.delivery_ms NULLS LAST, p.symbol, p.leg_id
           LIMIT 1);
