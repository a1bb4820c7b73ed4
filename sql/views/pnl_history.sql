-- The unrealized PnL of each leg at each poll, as reported and as computed.
-- expected_pnl = amount x contract size x (1/entry - 1/mark), in the margin asset: COIN-M contracts
-- are inverse.
-- CROSS JOIN keeps SQLite to this order, in which every filter on account, symbol, side and time
-- reaches a key and valuations are never scanned.
CREATE VIEW pnl_history AS
SELECT a.name AS account,
       c.symbol,
       c.pair,
       c.margin_asset,
       l.position_side,
       v.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', v.time_ms / 1000.0, 'unixepoch') AS time,
       v.update_ms,
       p.position_amount_e8 / 1e8 AS position_amount,
       p.entry_price_e8 / 1e8 AS entry_price,
       p.break_even_price_e8 / 1e8 AS break_even_price,
       v.mark_price_e8 / 1e8 AS mark_price,
       v.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
       round((v.unrealized_pnl_e8 / 1e8) * (v.mark_price_e8 / 1e8), 8) AS unrealized_pnl_usd,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN round((p.position_amount_e8 / 1e8) * (c.contract_size_e8 / 1e8)
                          * (1e8 / p.entry_price_e8 - 1e8 / v.mark_price_e8), 8)
       END AS expected_pnl,
       CASE
           WHEN p.position_amount_e8 = 0 THEN v.unrealized_pnl_e8 / 1e8
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN round(v.unrealized_pnl_e8 / 1e8
                          - round((p.position_amount_e8 / 1e8) * (c.contract_size_e8 / 1e8)
                                  * (1e8 / p.entry_price_e8 - 1e8 / v.mark_price_e8), 8), 8)
       END AS pnl_difference
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN valuation AS v ON v.leg_id = l.leg_id
 CROSS JOIN position AS p
    ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision;
