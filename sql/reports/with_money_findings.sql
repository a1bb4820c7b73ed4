-- Of what reconcile finds: what is wrong with the money. Each is judged where both of what it holds together are
-- known (view known). After with_range, with_changed and with_money_asked.
, income_known AS MATERIALIZED (
    SELECT account, from_ms, to_ms FROM known WHERE kind = 'income'
),
trades_known AS MATERIALIZED (
    SELECT account, symbol, from_ms, to_ms FROM known WHERE kind = 'trades'
),
stream_known AS MATERIALIZED (
    SELECT account, from_ms, to_ms FROM known WHERE kind = 'stream'
),
-- Each asset, where its changes begin: at the last row before the range, or the first; and until when they are noted
-- (table balance_change).
walked AS MATERIALIZED (
    SELECT m.account,
           d.account_id,
           d.asset,
           m.to_ms,
           min(m.to_ms, k.from_ms) AS until_ms,
           coalesce((SELECT max(b.time_ms)
                       FROM balance AS b
                      WHERE b.account_id = d.account_id AND b.asset = d.asset AND b.time_ms < m.from_ms),
                    (SELECT min(b.time_ms)
                       FROM balance AS b
                      WHERE b.account_id = d.account_id
                        AND b.asset = d.asset
                        AND b.time_ms >= m.from_ms
                        AND b.time_ms < m.to_ms)) AS time_ms
      FROM money_asked AS m
     CROSS JOIN account AS a ON a.name = m.account
     CROSS JOIN poll_running AS k ON k.account_id = a.account_id
     CROSS JOIN asset_of_account AS d ON d.account_id = a.account_id
     WHERE :symbol IS NULL AND :side IS NULL
),
-- The same in the hour that runs: each found from the one before, by a walk of the key from the last row before it.
walk (account_id, asset, to_ms, time_ms, update_ms, wallet_e8, is_state, adds_up) AS (
    SELECT f.account_id, f.asset, f.to_ms, b.time_ms, b.update_ms, b.wallet_balance_e8, 0, 1
      FROM walked AS f
     CROSS JOIN balance AS b
        ON b.account_id = f.account_id
       AND b.asset = f.asset
       AND b.time_ms = coalesce((SELECT max(p.time_ms)
                                   FROM balance AS p
                                  WHERE p.account_id = f.account_id
                                    AND p.asset = f.asset
                                    AND p.time_ms >= f.time_ms
                                    AND p.time_ms < f.until_ms), f.time_ms)
    UNION ALL
--include balance_next
),
-- All of these: where the wallet is another than before (`is_state`), and where the margin balance may not add up.
stated (account, account_id, asset, time_ms, update_ms, wallet_e8, is_state, adds_up) AS MATERIALIZED (
    SELECT f.account, f.account_id, f.asset, b.time_ms, b.update_ms, b.wallet_balance_e8, 1, 0
      FROM walked AS f
     CROSS JOIN balance AS b ON b.account_id = f.account_id AND b.asset = f.asset AND b.time_ms = f.time_ms
    UNION ALL
    SELECT f.account, f.account_id, f.asset, c.time_ms, c.update_ms, c.wallet_balance_e8, c.is_state, c.adds_up
      FROM walked AS f
     CROSS JOIN balance_change AS c
        ON c.account_id = f.account_id AND c.asset = f.asset AND c.time_ms > f.time_ms AND c.time_ms < f.until_ms
    UNION ALL
    SELECT f.account, w.account_id, w.asset, w.time_ms, w.update_ms, w.wallet_e8, w.is_state, w.adds_up
      FROM walk AS w
     CROSS JOIN walked AS f ON f.account_id = w.account_id AND f.asset = w.asset
     WHERE w.is_state OR NOT w.adds_up
),
-- What is left of a wallet's change when the income between is taken off. A wallet that never changed says 0: then it stood as
-- it was seen.
wallet_rest AS MATERIALIZED (
    SELECT w.account,
           w.account_id,
           w.asset,
           w.time_ms,
           w.update_ms,
           w.wallet_e8,
           w.before_e8,
           w.wallet_e8 - w.before_e8
               - coalesce((SELECT iif(max(i.revision) > 0, NULL, sum(i.income_e8)) -- nothing was told twice
                             FROM income AS i
                            WHERE i.account_id = w.account_id
                              AND i.asset = w.asset
                              AND i.time_ms > w.before_ms
                              AND i.time_ms <= w.update_ms),
                          (SELECT sum(h.income_e8)
                             FROM income_told AS h
                            WHERE h.account_id = w.account_id
                              AND h.asset = w.asset
                              AND h.time_ms > w.before_ms
                              AND h.time_ms <= w.update_ms), 0) AS rest_e8
      FROM (SELECT account,
                   account_id,
                   asset,
                   time_ms,
                   update_ms,
                   wallet_e8,
                   lag(wallet_e8) OVER passed AS before_e8,
                   lag(iif(update_ms > 0, update_ms, time_ms)) OVER passed AS before_ms
              FROM stated
             WHERE is_state
            WINDOW passed AS (PARTITION BY account_id, asset ORDER BY time_ms)) AS w
     CROSS JOIN income_known AS k
        ON k.account = w.account AND k.from_ms <= w.before_ms AND k.to_ms > w.update_ms
     WHERE w.update_ms >= w.before_ms
),
-- Trades in which something may be wrong: all but those that were told once by userTrades and once, alike, by the stream,
-- or by userTrades alone where that is not known, and that come to what income says. Most are looked at no further.
odd AS MATERIALIZED (
    SELECT DISTINCT m.account, c.symbol, l.position_side, l.leg_id, t.time_ms, t.trade_id
      FROM money_asked AS m
     CROSS JOIN account AS a ON a.name = m.account
     CROSS JOIN main.leg AS l ON l.account_id = a.account_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     CROSS JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms >= m.from_ms AND t.time_ms < m.to_ms
      LEFT JOIN income_known AS k ON k.account = m.account AND k.from_ms <= t.time_ms AND k.to_ms > t.time_ms
     WHERE (:symbol IS NULL OR c.symbol = :symbol)
       AND (:side IS NULL OR l.position_side = :side)
       AND CASE t.source
               WHEN 'stream'
                   THEN NOT EXISTS (SELECT 1
                                      FROM trade AS o
                                     WHERE (o.leg_id, o.time_ms, o.trade_id, o.source) = (t.leg_id, t.time_ms, t.trade_id, 'rest'))
               ELSE (SELECT count(*) FROM trade AS x INDEXED BY trade_by_id WHERE x.leg_id = t.leg_id AND x.trade_id = t.trade_id)
                    <> CASE
                           WHEN EXISTS (SELECT 1
                                          FROM trade AS o
                                         WHERE (o.leg_id, o.time_ms, o.trade_id, o.source) = (t.leg_id, t.time_ms, t.trade_id, 'stream')
                                           AND o.side IS t.side
                                           AND o.price_e8 IS t.price_e8
                                           AND o.quantity_e8 IS t.quantity_e8
                                           AND o.realized_pnl_e8 IS t.realized_pnl_e8
                                           AND o.commission_e8 IS t.commission_e8
                                           AND o.commission_asset IS t.commission_asset
                                           AND o.order_id IS t.order_id
                                           AND o.maker IS t.maker) THEN 2
                           WHEN EXISTS (SELECT 1
                                          FROM stream_known AS up
                                         WHERE up.account = m.account AND up.from_ms < t.time_ms AND up.to_ms > t.time_ms) THEN 0
                           ELSE 1
                       END
                    OR (k.account IS NOT NULL
                        AND (SELECT max(i.revision) = 0
                                    AND sum(iif(i.income_type = 'REALIZED_PNL', i.income_e8, 0)) = t.realized_pnl_e8
                                    AND sum(iif(i.income_type = 'COMMISSION', i.income_e8, 0)) = -t.commission_e8
                               FROM income AS i INDEXED BY income_of_trade
                              WHERE i.account_id = a.account_id
                                AND i.trade_id = t.trade_id
                                AND i.trade_id <> ''
                                AND i.symbol = c.symbol) IS NOT 1)
           END
),
-- The same of each leg's amount and its trades (each once, as trade_history has it: the row of userTrades, where none of the
-- leg's is odd). What closed by being listed no more closed by
-- when that was seen, and what comes after it is held against what was listed before it.
amount_rest AS MATERIALIZED (
    SELECT c.account,
           c.symbol,
           c.position_side,
           c.leg_id,
           c.capture_id,
           c.update_ms,
           c.position_amount,
           c.previous_position_amount,
           c.amount_change,
           round(c.amount_change * 1e8)
               - iif(c.present = 1 AND c.previous_position_amount = 0,
                     coalesce((SELECT b.position_amount_e8
                                 FROM position AS g
                                 JOIN position AS b
                                   ON b.leg_id = g.leg_id AND b.update_ms = g.update_ms AND b.revision = g.revision - 1
                                WHERE (g.leg_id, g.update_ms, g.revision) = (c.leg_id, c.previous_update_ms, c.previous_revision)
                                  AND g.present = 0), 0), 0)
               - (SELECT coalesce(sum(iif(t.side = 'SELL', -t.quantity_e8, t.quantity_e8)), 0)
                    FROM trade AS t
                   WHERE t.leg_id = c.leg_id
                     AND t.time_ms > c.previous_update_ms
                     AND t.time_ms <= c.until_ms
                     AND iif(c.leg_id NOT IN (SELECT leg_id FROM odd) AND c.previous_update_ms >= m.from_ms AND c.until_ms < m.to_ms,
                             t.source = 'rest',
--include trade_once
                         ))
               AS rest_e8
      FROM changed AS c
     CROSS JOIN money_asked AS m ON m.account = c.account
     CROSS JOIN trades_known AS k
        ON k.account = c.account
       AND k.symbol = c.symbol
       AND k.from_ms <= iif(c.previous_update_ms = 0, c.update_ms, c.previous_update_ms)
       AND k.to_ms > c.until_ms
     WHERE (c.present = 1 OR c.position_amount = 0)
       AND c.update_ms >= c.previous_update_ms
),
-- Each odd trade with the income that names it, where income is known.
traded AS MATERIALIZED (
    SELECT h.account,
           h.symbol,
           h.position_side,
           h.time_ms,
           h.trade_id,
           h.realized_pnl,
           h.commission,
           h.source,
           h.difference,
           h.capture_id,
           k.account IS NOT NULL AS has_income,
           (SELECT coalesce(sum(CAST(round(i.income * 1e8) AS INTEGER)), 0)
              FROM trade_income AS i
             WHERE i.account = k.account
               AND i.trade_id = h.trade_id
               AND i.symbol = h.symbol
               AND i.income_type = 'REALIZED_PNL') AS paid_realized_e8,
           (SELECT coalesce(sum(CAST(round(i.income * 1e8) AS INTEGER)), 0)
              FROM trade_income AS i
             WHERE i.account = k.account
               AND i.trade_id = h.trade_id
               AND i.symbol = h.symbol
               AND i.income_type = 'COMMISSION') AS paid_commission_e8
      FROM odd AS o
     CROSS JOIN trade_history AS h
        ON (h.account, h.symbol, h.position_side, h.time_ms, h.trade_id)
           = (o.account, o.symbol, o.position_side, o.time_ms, o.trade_id)
      LEFT JOIN income_known AS k ON k.account = h.account AND k.from_ms <= h.time_ms AND k.to_ms > h.time_ms
),
-- Funding of which the exchange tells the rate and the mark, between the polls around it, ...
funding AS MATERIALIZED (
    SELECT m.account,
           n.account_id,
           c.contract_id,
           c.symbol,
           c.margin_asset,
--include is_linear
               AS is_linear,
           r.time_ms,
           r.capture_id,
           r.funding_rate_e8 / 1e8 AS rate,
           r.mark_price_e8 / 1e8 AS mark,
           (SELECT max(p.received_ms)
              FROM capture_read AS p
             WHERE p.account_id = n.account_id
               AND p.endpoint = 'positionRisk'
               AND p.outcome = 'ok'
               AND p.received_ms <= r.time_ms) AS before_ms,
           (SELECT min(p.received_ms)
              FROM capture_read AS p
             WHERE p.account_id = n.account_id
               AND p.endpoint = 'positionRisk'
               AND p.outcome = 'ok'
               AND p.received_ms > r.time_ms) AS after_ms
      FROM money_asked AS m
     CROSS JOIN account AS n ON n.name = m.account
     CROSS JOIN contract AS c ON c.product = n.product AND (:symbol IS NULL OR c.symbol = :symbol)
     CROSS JOIN funding_rate AS r ON r.contract_id = c.contract_id AND r.time_ms >= m.from_ms AND r.time_ms < m.to_ms
     CROSS JOIN income_known AS k
        ON k.account = m.account AND k.from_ms <= r.time_ms - 1000 AND k.to_ms > r.time_ms + 60000
     WHERE :side IS NULL
       AND r.mark_price_e8 > 0
       AND r.capture_id = (SELECT max(x.capture_id)
                             FROM funding_rate AS x
                            WHERE x.contract_id = r.contract_id AND x.time_ms = r.time_ms)
       AND EXISTS (SELECT 1
                     FROM known AS u
                    WHERE u.account = m.account AND u.kind = 'polls' AND u.from_ms <= r.time_ms AND u.to_ms > r.time_ms)
),
-- ... with the contracts that were open then, by the updateTime of what polls show (what one adds to it, that a leg is listed
-- no more, by the poll's), and what income says was paid. Of what changed within a minute of it, or between these polls,
-- nobody knows how much was charged, nor what was paid in another asset.
funded AS (
    SELECT f.*,
           sum(p.position_amount_e8) / 1e8 AS contracts,
           -sum(p.position_amount_e8 * (t.contract_size_e8 / 1e8)) * iif(f.is_linear, f.mark, 1 / f.mark) * f.rate AS expected_e8,
           count(p.position_amount_e8 <> 0 OR NULL) AS legs,
           max(EXISTS (SELECT 1
                         FROM position AS x
                        WHERE x.leg_id = l.leg_id
                          AND x.update_ms > min(f.before_ms, f.time_ms - 60000)
                          AND x.update_ms <= max(f.after_ms, f.time_ms + 60000))
               OR EXISTS (SELECT 1
                            FROM capture AS s
                           CROSS JOIN position AS x ON x.leg_id = l.leg_id AND x.capture_id = s.capture_id AND x.present = 0
                           WHERE s.account_id = f.account_id
                             AND s.endpoint = 'positionRisk'
                             AND s.received_ms > min(f.before_ms, f.time_ms - 60000)
                             AND s.received_ms <= max(f.after_ms, f.time_ms + 60000))
               OR EXISTS (SELECT 1
                            FROM income_told AS i
                           WHERE i.account = f.account
                             AND i.time_ms BETWEEN f.time_ms - 1000 AND f.time_ms + 60000
                             AND i.income_type = 'FUNDING_FEE'
                             AND i.symbol = f.symbol
                             AND i.asset <> f.margin_asset)) AS is_moving,
           (SELECT coalesce(sum(i.income_e8), 0)
              FROM income_told AS i
             WHERE i.account = f.account
               AND i.time_ms BETWEEN f.time_ms - 1000 AND f.time_ms + 60000
               AND i.income_type = 'FUNDING_FEE'
               AND i.symbol = f.symbol) AS paid_e8
      FROM funding AS f
     CROSS JOIN main.leg AS l ON l.account_id = f.account_id AND l.contract_id = f.contract_id
     CROSS JOIN position AS p
        ON p.leg_id = l.leg_id
       AND (p.update_ms, p.revision) = (SELECT x.update_ms, x.revision
                                          FROM position AS x
                                         WHERE x.leg_id = l.leg_id
                                           AND x.update_ms <= f.time_ms
                                           AND (x.revision = 0
                                                OR (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = x.capture_id) <= f.time_ms)
                                         ORDER BY x.update_ms DESC, x.revision DESC LIMIT 1)
     CROSS JOIN leg_term AS t ON t.leg_id = l.leg_id AND t.from_ms <= f.time_ms AND t.to_ms > f.time_ms
     GROUP BY f.account, f.contract_id, f.time_ms
),
money_finding (finding, account, symbol, position_side, asset, capture_id, time_ms, detail) AS (
    -- Of several changes in one millisecond the exchange may show the first alone at first. Where all adds up no neighbour matters.
    SELECT 'wallet_unexplained', account, NULL, NULL, asset,
           (SELECT b.capture_id FROM balance AS b WHERE (b.account_id, b.asset, b.time_ms) = (r.account_id, r.asset, r.time_ms)),
           time_ms,
           format('the wallet went from %.8f to %.8f, income between explains %.8f of it', before_e8 / 1e8,
                  wallet_e8 / 1e8, (wallet_e8 - before_e8 - rest_e8) / 1e8)
      FROM (SELECT w.*,
                   lag(w.rest_e8) OVER one AS before_rest_e8,
                   lead(w.rest_e8) OVER one AS next_rest_e8,
                   lead(w.update_ms) OVER one AS next_ms
              FROM wallet_rest AS w
             WHERE (w.account, w.asset) IN (SELECT account, asset FROM wallet_rest WHERE rest_e8 <> 0)
            WINDOW one AS (PARTITION BY w.account, w.asset ORDER BY w.time_ms)) AS r
     WHERE rest_e8 <> 0
       AND coalesce(rest_e8 + before_rest_e8 <> 0, 1) -- back to where it was: the odd one is named
       AND NOT (coalesce(next_ms = update_ms AND rest_e8 + next_rest_e8 = 0, 0)
                AND (SELECT count(*)
                       FROM income_told AS h
                      WHERE h.account_id = r.account_id AND h.asset = r.asset AND h.time_ms = r.update_ms) > 1)
    UNION ALL
    SELECT 'amount_unexplained', account, symbol, position_side, NULL, capture_id,
           (SELECT s.received_ms FROM capture AS s WHERE s.capture_id = r.capture_id),
           format('positionAmt went from %.15g to %.15g, trades between explain %.15g of it',
                  previous_position_amount, position_amount, amount_change - rest_e8 / 1e8)
      FROM (SELECT w.*,
                   lag(w.rest_e8) OVER one AS before_rest_e8,
                   lead(w.rest_e8) OVER one AS next_rest_e8,
                   lead(w.update_ms) OVER one AS next_ms
              FROM amount_rest AS w
             WHERE w.leg_id IN (SELECT leg_id FROM amount_rest WHERE rest_e8 <> 0)
               AND (w.account, w.symbol, w.capture_id) NOT IN switched
            WINDOW one AS (PARTITION BY w.leg_id ORDER BY w.capture_id)) AS r
     WHERE rest_e8 <> 0
       AND NOT (position_amount = 0 AND (account, symbol) IN settled)
       AND coalesce(rest_e8 + before_rest_e8 <> 0, 1)
       AND NOT (coalesce(next_ms = update_ms AND rest_e8 + next_rest_e8 = 0, 0)
                AND (SELECT count(*)
                       FROM trade AS t
                      WHERE t.leg_id = r.leg_id
                        AND t.time_ms = r.update_ms
                        AND
--include trade_once
                    ) > 1)
    UNION ALL
    SELECT 'realized_unexplained', account, symbol, position_side, NULL, capture_id, time_ms,
           format('trade %s realized %.8f, income says %.8f', trade_id, realized_pnl, paid_realized_e8 / 1e8)
      FROM traded
     WHERE has_income AND round(realized_pnl * 1e8) <> paid_realized_e8
    UNION ALL
    SELECT 'commission_unexplained', account, symbol, position_side, NULL, capture_id, time_ms,
           format('trade %s cost a commission of %.8f, income says %.8f', trade_id, commission,
                  -paid_commission_e8 / 1e8)
      FROM traded
     WHERE has_income AND round(commission * 1e8) <> -paid_commission_e8
    UNION ALL
    SELECT 'funding_unexplained', account, symbol, NULL, margin_asset, capture_id, time_ms,
           format('%.8f was paid, %.15g contracts at %.15g and the rate %.8f make %.8f', paid_e8 / 1e8, contracts, mark, rate,
                  expected_e8 / 1e8)
      FROM funded
     WHERE NOT is_moving
       AND abs(paid_e8 - expected_e8) > 1.5 * max(legs, 1)
    UNION ALL
    SELECT 'trade_one_witness', t.account, t.symbol, t.position_side, NULL, t.capture_id, t.time_ms,
           iif(t.source = 'rest', 'userTrades has trade ' || t.trade_id || ', the stream, which was up, has not',
               'the stream told of trade ' || t.trade_id || ', userTrades does not have it')
      FROM traded AS t
     WHERE EXISTS (SELECT 1
                     FROM stream_known AS up
                    WHERE up.account = t.account
                      AND up.from_ms + 100 < t.time_ms -- the clocks' difference
                      AND up.to_ms > t.time_ms + 1000)
       AND (t.source = 'rest'
            OR (t.source = 'stream' AND EXISTS (SELECT 1
                                                  FROM trades_known AS k
                                                 WHERE k.account = t.account
                                                   AND k.symbol = t.symbol
                                                   AND k.from_ms <= t.time_ms
                                                   AND k.to_ms > t.time_ms)))
    UNION ALL
    SELECT 'witnesses_differ', account, symbol, position_side, NULL, capture_id, time_ms,
           'of trade ' || trade_id || ' userTrades says' || difference
      FROM traded
     WHERE difference <> ''
    UNION ALL
    SELECT 'income_incomplete', account, NULL, NULL, NULL, capture_id, time_ms,
           format('of the %d rows of %s in this millisecond that are known, there may be more: the exchange shows no others',
                  row_count, income_type)
      FROM cut
    UNION ALL
    SELECT 'margin_balance_unexplained', m.account, NULL, NULL, b.asset, b.capture_id, b.time_ms,
           format('marginBalance %.8f is not walletBalance %.8f and unrealizedProfit %.8f', b.margin_balance_e8 / 1e8,
                  b.wallet_balance_e8 / 1e8, b.unrealized_pnl_e8 / 1e8)
      FROM stated AS w
     CROSS JOIN money_asked AS m ON m.account = w.account
     CROSS JOIN balance AS b ON b.account_id = w.account_id AND b.asset = w.asset AND b.time_ms = w.time_ms
     WHERE NOT w.adds_up
       AND w.time_ms >= m.from_ms
       AND b.margin_balance_e8 - b.wallet_balance_e8 - b.unrealized_pnl_e8 NOT BETWEEN -1 AND 1
)
