-- The unrealized PnL of each leg at each poll, as reported and as computed.
-- unrealized_pnl_usd = unrealized_pnl x mark, in integers: the product of two numbers at 10^8 is taken
-- apart so that every step fits into 64 bits, and its eight places are exact (halves away from zero).
-- expected_pnl = amount x contract size x (1/entry - 1/mark), in the margin asset: COIN-M contracts
-- are inverse. It is computed as amount x size x (mark - entry) / entry / mark, which subtracts exactly,
-- at 10^8, and rounded there to a whole number.
-- pnl_tolerance = what decimals of eight places can explain: a unit of the last place in the reported
-- PnL, half of one in the computed, and one in entry and mark, each times |amount| x size / price^2.
-- CROSS JOIN keeps SQLite to this order, in which every filter on account, symbol, side and time
-- reaches a key and valuations are never scanned. LEFT JOIN lets it leave the position out where no
-- column of it is asked for; the foreign key says that there is one.
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
       (v.unrealized_pnl_e8 / 100000000 * v.mark_price_e8
        + v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 / 100000000)
        + (v.unrealized_pnl_e8 % 100000000 * (v.mark_price_e8 % 100000000)
           + iif(v.unrealized_pnl_e8 < 0, -50000000, 50000000)) / 100000000) / 1e8
           AS unrealized_pnl_usd,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN CAST(p.position_amount_e8 * (c.contract_size_e8 / 1e8)
                         * (v.mark_price_e8 - p.entry_price_e8)
                         / p.entry_price_e8 / v.mark_price_e8 * 1e8
                         + iif((p.position_amount_e8 > 0) = (v.mark_price_e8 > p.entry_price_e8),
                               0.5, -0.5) AS INTEGER) / 1e8
       END AS expected_pnl,
       CASE
           WHEN p.position_amount_e8 = 0 THEN v.unrealized_pnl_e8 / 1e8
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN (v.unrealized_pnl_e8
                     - CAST(p.position_amount_e8 * (c.contract_size_e8 / 1e8)
                            * (v.mark_price_e8 - p.entry_price_e8)
                            / p.entry_price_e8 / v.mark_price_e8 * 1e8
                            + iif((p.position_amount_e8 > 0) = (v.mark_price_e8 > p.entry_price_e8),
                                  0.5, -0.5) AS INTEGER)) / 1e8
       END AS pnl_difference,
       CASE
           WHEN p.position_amount_e8 = 0 THEN 0.0
           WHEN p.entry_price_e8 <> 0 AND v.mark_price_e8 <> 0
               THEN 1.5e-8 + 1e-8 * abs(p.position_amount_e8 / 1e8) * (c.contract_size_e8 / 1e8)
                             * (1e16 / p.entry_price_e8 / p.entry_price_e8
                                + 1e16 / v.mark_price_e8 / v.mark_price_e8)
       END AS pnl_tolerance
  FROM account AS a
 CROSS JOIN contract AS c ON c.product = a.product
 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
 CROSS JOIN valuation AS v ON v.leg_id = l.leg_id
  LEFT JOIN position AS p
    ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision;
