-- What each account, and all of them together (account ''), made of their equity in USD, by step. Accounts are valued at
-- moments; from one to the next their index goes on by what was kept of what there was, and coins that come or go are no
-- part of it. Where there is nothing, or a debt, it stands until that changes: what came first begins it, and what comes
-- later ends it, as an unknown price does. After with_balances, with_range, with_silence and
-- with_income. Each part has one reader
-- where it can: SQLite compiles them once for each.
-- An account begins as it stood just before the range, or with its first answer.
, life AS MATERIALIZED (
    SELECT account,
           account_id,
           from_ms,
           to_ms,
           until_ms,
           start_ms,
           iif(start_ms < from_ms, from_ms - 1, start_ms) AS begin_ms,
           count(*) OVER () AS accounts
      FROM (SELECT a.account,
                   n.account_id,
                   a.from_ms,
                   a.to_ms,
                   (SELECT s.received_ms
                      FROM capture_read AS s
                     WHERE s.account_id = n.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                     ORDER BY s.received_ms DESC LIMIT 1) AS until_ms,
                   coalesce((SELECT s.received_ms
                               FROM capture_read AS s
                              WHERE s.account_id = n.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                                AND s.received_ms < a.from_ms
                              ORDER BY s.received_ms DESC LIMIT 1),
                            (SELECT s.received_ms
                               FROM capture_read AS s
                              WHERE s.account_id = n.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                                AND s.received_ms >= a.from_ms
                              ORDER BY s.received_ms LIMIT 1)) AS start_ms
              FROM asked AS a
             CROSS JOIN account AS n ON n.name = a.account
             WHERE a.from_ms < a.to_ms
             LIMIT -1)
),
-- The steps of the range, and its UTC days: up to the account's last answer.
period (account, account_id, accounts, is_day, begin_ms, end_ms, asked_ms, from_ms, to_ms, until_ms) AS MATERIALIZED (
    SELECT f.account,
           f.account_id,
           f.accounts,
           d.is_day,
           f.from_ms,
           min(f.to_ms, coalesce(iif(d.is_day, step_end(f.from_ms, 86400000, 0),
                                     step_end(f.from_ms, :every_ms, :every_months)), f.to_ms)),
           max(coalesce(:from_ms, f.from_ms), coalesce(step_begin(f.from_ms, :every_ms, :every_months), 0)),
           f.begin_ms,
           f.to_ms,
           f.until_ms
      FROM life AS f
     CROSS JOIN (SELECT 0 AS is_day UNION ALL SELECT 1) AS d
    UNION ALL
    SELECT p.account,
           p.account_id,
           p.accounts,
           p.is_day,
           p.end_ms,
           min(p.to_ms, coalesce(iif(p.is_day, step_end(p.end_ms, 86400000, 0),
                                     step_end(p.end_ms, :every_ms, :every_months)), p.to_ms)),
           p.end_ms,
           p.from_ms,
           p.to_ms,
           p.until_ms
      FROM period AS p
     WHERE p.end_ms < p.to_ms AND p.end_ms <= p.until_ms
),
-- Coins that came or went. `seen_ms` is the first answer that has them: the first that was asked for later, or that
-- says of the wallet that it changed then or later.
flow AS MATERIALIZED (
    SELECT account_id, asset, seen_ms, iif(count(*) = count(income_e8), sum(income_e8), NULL) AS coins_e8, count(*) AS count
      FROM (SELECT f.account_id,
                   i.asset,
                   i.income_e8,
                   (SELECT s.received_ms
                      FROM capture_read AS s
                     WHERE s.account_id = f.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                       AND s.received_ms >= i.time_ms
                       AND s.received_ms < f.to_ms
                       AND (coalesce(s.sent_ms, s.received_ms) >= i.time_ms
                            OR EXISTS (SELECT 1
                                         FROM balance AS b
                                        WHERE b.account_id = f.account_id
                                          AND b.asset = i.asset
                                          AND b.time_ms = s.received_ms
                                          AND b.update_ms >= i.time_ms))
                     ORDER BY s.received_ms LIMIT 1) AS seen_ms
              FROM life AS f
             CROSS JOIN income_told AS i
                ON i.account = f.account
               AND i.time_ms >= f.start_ms - 600000 -- an answer without it was not asked for earlier
               AND i.time_ms < f.to_ms
             WHERE i.income_type LIKE '%TRANSFER%' OR i.income_type LIKE 'COIN_SWAP%')
     WHERE seen_ms IS NOT NULL
     GROUP BY account_id, asset, seen_ms
),
-- The same with what one of the asset was worth then, whether that answer says anything of it or not.
moved AS MATERIALIZED (
    SELECT r.*, coalesce(v.mark_price_e8, m.mark_price_e8, x.index_price_e8) / 1e8 AS price
      FROM (SELECT *, seen_ms AS time_ms FROM flow) AS r
--include price_of
),
-- Where all accounts are valued, by what they said last: at each answer where they are few, else at the ends of parts of
-- the day, longer ones in longer ranges; at the ends of steps and days, and where coins came or went.
answer AS MATERIALIZED (
    SELECT received_ms, count(*) OVER () AS answers
      FROM (SELECT s.received_ms
              FROM asked AS f
             CROSS JOIN account AS n ON n.name = f.account
             CROSS JOIN capture_read AS s
                ON s.account_id = n.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
               AND s.received_ms >= f.from_ms AND s.received_ms < f.to_ms
             LIMIT 501)
),
grid (at_ms, part_ms, to_ms) AS MATERIALIZED (
    SELECT from_ms - from_ms % part_ms + part_ms - 1, part_ms, to_ms
      FROM (SELECT min(from_ms) AS from_ms,
                   max(to_ms) AS to_ms,
                   CASE
                       WHEN max(to_ms) - min(from_ms) <= 172800000 THEN 600000
                       WHEN max(to_ms) - min(from_ms) <= 5356800000 THEN 3600000
                       WHEN max(to_ms) - min(from_ms) <= 31622400000 THEN 21600000
                       ELSE 86400000
                   END AS part_ms
              FROM asked
             WHERE from_ms < to_ms)
     WHERE (SELECT max(answers) FROM answer) > 500
    UNION ALL
    SELECT at_ms + part_ms, part_ms, to_ms FROM grid WHERE at_ms + part_ms < to_ms
),
moment (at_ms) AS MATERIALIZED (
    SELECT at_ms FROM grid
    UNION
    SELECT received_ms FROM answer WHERE answers <= 500
    UNION
    SELECT seen_ms FROM flow
    UNION
    SELECT begin_ms FROM life
    UNION
    SELECT end_ms - 1 FROM period
),
-- Assets of which there was anything in the range, or of which some came or went (and may be lost before an answer has it);
-- and one of no name, of which every answer tells.
held AS MATERIALIZED (
    SELECT f.*, d.asset
      FROM life AS f
     CROSS JOIN (SELECT account_id, asset FROM asset_of_account UNION ALL SELECT account_id, '' FROM account) AS d
        ON d.account_id = f.account_id
     WHERE d.asset = ''
        OR (d.account_id, d.asset) IN (SELECT account_id, asset FROM flow)
        OR EXISTS (SELECT 1
                     FROM balance AS b
                    WHERE b.account_id = d.account_id
                      AND b.asset = d.asset
                      AND b.time_ms >= coalesce((SELECT max(w.time_ms)
                                                   FROM balance AS w
                                                  WHERE w.account_id = d.account_id
                                                    AND w.asset = d.asset
                                                    AND w.time_ms <= f.start_ms), f.start_ms)
                      AND b.time_ms < f.to_ms
                      AND (b.wallet_balance_e8 <> 0 OR b.margin_balance_e8 <> 0))
),
told AS (
    SELECT d.*,
           m.at_ms,
           iif(d.asset = '',
               (SELECT s.received_ms
                  FROM capture_read AS s
                 WHERE s.account_id = d.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                   AND s.received_ms <= m.at_ms
                 ORDER BY s.received_ms DESC LIMIT 1),
               (SELECT max(b.time_ms)
                  FROM balance AS b
                 WHERE b.account_id = d.account_id AND b.asset = d.asset AND b.time_ms <= m.at_ms)) AS told_ms
      FROM held AS d
     CROSS JOIN moment AS m ON m.at_ms BETWEEN d.begin_ms AND d.to_ms - 1
     LIMIT -1
),
-- In USD as in equity_history. What is not in the wallet counts for nothing, whatever its price; an asset that an answer no
-- longer has, neither. Coins that came or went are valued at the price of the answer that has them.
priced AS (
    SELECT t.account,
           t.accounts,
           t.from_ms,
           t.until_ms,
           t.asset,
           t.at_ms,
           t.told_ms,
           w.coins_e8,
           w.count,
           w.price,
           iif(r.margin_balance_e8 = 0 OR coalesce(r.margin_balance_e8, r.wallet_balance_e8, r.update_ms) IS NULL, 0,
               (SELECT r.margin_balance_e8 / 100000000 * p.e8
                       + r.margin_balance_e8 % 100000000 * (p.e8 / 100000000)
                       + (r.margin_balance_e8 % 100000000 * (p.e8 % 100000000)
                          + iif(r.margin_balance_e8 < 0, -50000000, 50000000)) / 100000000
                  FROM (SELECT coalesce(v.mark_price_e8, m.mark_price_e8, x.index_price_e8) AS e8) AS p)) AS worth
      FROM told AS t
      LEFT JOIN moved AS w ON w.account_id = t.account_id AND w.asset = t.asset AND w.seen_ms = t.at_ms
      LEFT JOIN balance AS r ON r.account_id = t.account_id AND r.asset = t.asset AND r.time_ms = t.told_ms
--include price_of
     LIMIT -1
),
-- From one moment to the next: what there was, what became of it without the coins that came or went (`kept_e8`), and
-- what there was then; by step and by day, but for those after the account's last answer. An account's first moment
-- follows none.
segment AS MATERIALIZED (
    SELECT *,
           iif(number = 1, 0, told_before_e8) AS before_e8,
           iif(number = 1, 0, equity_e8 - flow_e8) AS kept_e8,
           iif(number = 1, equity_e8, told_before_e8) AS first_e8
      FROM (SELECT m.*,
                   d.is_day,
                   coalesce(iif(d.is_day, step_begin(max(m.at_ms, m.from_ms), 86400000, 0),
                                step_begin(max(m.at_ms, m.from_ms), :every_ms, :every_months)), 0) AS step_ms
              FROM (SELECT account,
                           accounts,
                           from_ms,
                           until_ms,
                           at_ms,
                           told_ms,
                           equity_e8,
                           iif(row_number() OVER passed = 1, 0, flow_e8) AS flow_e8,
                           row_number() OVER passed AS number,
                           lag(told_ms) OVER passed AS told_before_ms,
                           lag(equity_e8) OVER passed AS told_before_e8
                      FROM (SELECT account,
                                   accounts,
                                   from_ms,
                                   until_ms,
                                   at_ms,
                                   max(told_ms) AS told_ms,
                                   iif(max(asset <> '' AND told_ms IS NOT NULL AND worth IS NULL), NULL,
                                       CAST(total(worth) AS INTEGER)) AS equity_e8,
                                   iif(max(count IS NOT NULL AND coins_e8 * price IS NULL), NULL,
                                       CAST(total(round(coins_e8 * price)) AS INTEGER)) AS flow_e8
                              FROM priced
                             GROUP BY account, at_ms)
                    WINDOW passed AS (PARTITION BY account ORDER BY at_ms)) AS m
             CROSS JOIN (SELECT 0 AS is_day UNION ALL SELECT 1) AS d)
     WHERE step_ms <= max(from_ms, until_ms)
),
-- What is silent of it, answers of account or income, counted once: up to hidden_ms it is already.
hidden AS MATERIALIZED (
    SELECT account_id,
           kind,
           from_ms,
           to_ms,
           coalesce(ended_ms, from_ms) AS ended_ms,
           coalesce(max(to_ms) OVER (PARTITION BY account_id ORDER BY from_ms, to_ms, kind
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS hidden_ms
      FROM silence
     WHERE kind IN ('account', 'income')
),
-- `is_answered`: account answered in it; `is_known`: it stands at both ends of it; `has_money`: its income is known. Of what
-- ended before the account began there is nothing to judge.
judged AS MATERIALIZED (
    SELECT p.account,
           p.account_id,
           p.accounts,
           p.is_day,
           coalesce(iif(p.is_day, step_begin(p.begin_ms, 86400000, 0), step_begin(p.begin_ms, :every_ms, :every_months)), 0)
               AS step_ms,
           p.begin_ms,
           p.end_ms,
           p.end_ms - p.asked_ms AS size_ms,
           total(max(0, min(g.to_ms, p.end_ms) - max(g.from_ms, g.hidden_ms, p.asked_ms))) AS hidden_ms,
           NOT coalesce(max(g.kind = 'account'
                            AND (g.from_ms < p.end_ms - 1 AND g.to_ms > p.end_ms - 1
                                 OR g.ended_ms < max(p.begin_ms - 1, p.from_ms)
                                    AND g.to_ms > max(p.begin_ms - 1, p.from_ms))), 0) AS is_known,
           EXISTS (SELECT 1
                     FROM capture_read AS s
                    WHERE s.account_id = p.account_id AND s.endpoint = 'account' AND s.outcome = 'ok'
                      AND s.received_ms >= p.begin_ms AND s.received_ms < p.end_ms) AS is_answered,
           iif(EXISTS (SELECT 1
                         FROM income AS i
                        WHERE i.account_id = p.account_id AND i.time_ms >= p.begin_ms AND i.time_ms < p.end_ms),
               1,
               EXISTS (SELECT 1
                         FROM span AS k
                        WHERE k.account_id = p.account_id
                          AND k.kind = 'income'
                          AND k.from_ms < p.end_ms
                          AND k.to_ms > p.begin_ms)) AS has_money
      FROM period AS p
      LEFT JOIN hidden AS g
        ON g.account_id = p.account_id AND g.from_ms < p.end_ms AND g.to_ms >= p.asked_ms
     WHERE p.end_ms > p.from_ms
     GROUP BY p.account_id, p.is_day, p.begin_ms
),
paid AS MATERIALIZED (
    SELECT f.account_id,
           min(f.to_ms, coalesce(step_end(h.time_ms, :every_ms, :every_months), f.to_ms)) AS end_ms,
           sum(iif(h.income_type = 'COMMISSION', h.usd_e8, 0)) AS fees_e8,
           sum(iif(h.income_type = 'FUNDING_FEE', h.usd_e8, 0)) AS funding_e8,
           sum(iif(h.income_type = 'COMMISSION', h.unpriced, 0)) AS fees_unpriced,
           sum(iif(h.income_type = 'FUNDING_FEE', h.unpriced, 0)) AS funding_unpriced
      FROM earned AS h
     CROSS JOIN life AS f ON f.account = h.account
     WHERE h.income_type IN ('COMMISSION', 'FUNDING_FEE')
     GROUP BY f.account_id, 2
),
-- Each trade once, as trade_history has it: that it was told last is asked of the index alone, where it was told once. Of
-- the contract's size then (valuation_history), an inverse contract is worth that in USD, whatever its price; a linear one
-- its price in the margin asset.
traded AS MATERIALIZED (
    SELECT account_id,
           end_ms,
           iif(count(*) = count(size * rate), sum(CAST(round(abs(quantity_e8) * size * rate) AS INTEGER)), NULL) AS turnover_e8
      FROM (SELECT f.account_id,
                   min(f.to_ms, coalesce(step_end(h.time_ms, :every_ms, :every_months), f.to_ms)) AS end_ms,
                   h.quantity_e8,
                   iif(h.time_ms >= c.since_ms, c.contract_size_e8,
                       (SELECT t.contract_size_e8
                          FROM contract_term AS t
                         WHERE t.contract_id = c.contract_id AND t.from_ms <= h.time_ms
                         ORDER BY t.from_ms DESC, t.capture_id DESC LIMIT 1)) / 1e8 AS size,
                   iif(
--include is_linear
                       ,
                       h.price_e8 / 1e8 * ((SELECT w.index_price_e8
                                              FROM asset_index AS w
                                             WHERE w.symbol = c.margin_asset || 'USD'
                                               AND w.time_ms <= h.time_ms
                                               AND w.index_price_e8 > 0
                                             ORDER BY w.time_ms DESC, w.capture_id DESC LIMIT 1) / 1e8), 1) AS rate
              FROM (SELECT n.account_id, a.from_ms, a.to_ms FROM asked AS a CROSS JOIN account AS n ON n.name = a.account) AS f
             CROSS JOIN leg AS l ON l.account_id = f.account_id
             CROSS JOIN contract AS c ON c.contract_id = l.contract_id
             CROSS JOIN trade AS h ON h.leg_id = l.leg_id AND h.time_ms >= f.from_ms AND h.time_ms < f.to_ms
             WHERE NOT EXISTS (SELECT 1
                                 FROM trade AS x INDEXED BY trade_by_id
                                WHERE x.leg_id = h.leg_id
                                  AND x.trade_id = h.trade_id
                                  AND (x.source < h.source
                                       OR x.source = h.source
                                          AND (x.time_ms, x.revision) <> (h.time_ms, h.revision)
                                          AND (SELECT (o.capture_id, o.revision, o.time_ms) > (h.capture_id, h.revision, h.time_ms)
                                                 FROM trade AS o
                                                WHERE (o.leg_id, o.time_ms, o.trade_id, o.source, o.revision)
                                                      = (x.leg_id, x.time_ms, x.trade_id, x.source, x.revision))))
             LIMIT -1) -- so that each is worked out once
     GROUP BY account_id, end_ms
),
-- What was judged, with what was paid and traded in it. Trades are known where the stream is, or they were asked for.
counted AS (
    SELECT j.*,
           iif(j.has_money AND NOT coalesce(p.fees_unpriced, 0), coalesce(p.fees_e8, 0), NULL) AS fees_e8,
           iif(j.has_money AND NOT coalesce(p.funding_unpriced, 0), coalesce(p.funding_e8, 0), NULL) AS funding_e8,
           CASE
               WHEN j.is_day THEN NULL
               WHEN r.end_ms IS NOT NULL THEN r.turnover_e8
               WHEN EXISTS (SELECT 1
                              FROM span AS k
                             WHERE k.account_id = j.account_id
                               AND k.kind = 'stream'
                               AND k.from_ms < j.end_ms
                               AND k.to_ms > j.begin_ms)
                   OR EXISTS (SELECT 1
                                FROM known_span AS k
                               WHERE k.account_id = j.account_id
                                 AND k.kind = 'trades'
                                 AND k.from_ms < j.end_ms
                                 AND k.to_ms > j.begin_ms) THEN 0
           END AS turnover_e8
      FROM judged AS j
      LEFT JOIN paid AS p ON p.account_id = j.account_id AND p.end_ms = j.end_ms AND NOT j.is_day
      LEFT JOIN traded AS r ON r.account_id = j.account_id AND r.end_ms = j.end_ms AND NOT j.is_day
),
-- Of each account and of all together; of those alone that were there before.
unit AS NOT MATERIALIZED (SELECT 0 AS is_all UNION ALL SELECT 1),
chained AS (
    SELECT iif(t.is_all, '', g.account) AS unit,
           g.is_day,
           g.step_ms,
           g.at_ms,
           max(g.told_ms) AS told_ms,
           max(g.told_before_ms) AS told_before_ms,
           iif(count(*) = count(g.before_e8), CAST(sum(g.before_e8) AS INTEGER), NULL) AS before_e8,
           iif(count(*) = count(g.kept_e8), CAST(sum(g.kept_e8) AS INTEGER), NULL) AS kept_e8,
           iif(count(*) = count(g.equity_e8), CAST(sum(g.equity_e8) AS INTEGER), NULL) AS equity_e8,
           max(g.first_e8) AS first_e8,
           max(g.flow_e8) AS flow_e8
      FROM segment AS g
     CROSS JOIN unit AS t ON t.is_all = 0 OR g.accounts > 1
     GROUP BY iif(t.is_all, '', g.account), g.is_day, g.step_ms, g.at_ms
),
factored AS (
    SELECT *,
           max(coalesce(before_e8, 0) > 0) OVER passed AS has_begun,
           sum(iif(before_e8 > 0 AND kept_e8 > 0, ln(kept_e8 * 1.0 / before_e8), 0)) OVER passed AS growth,
           min(iif(before_e8 > 0 AND kept_e8 <= 0, kept_e8 * 1.0 / before_e8, NULL)) OVER passed AS lost,
           count(iif(before_e8 > 0 AND kept_e8 <= 0, 1, NULL)) OVER passed AS losses,
           max(told_ms) OVER passed AS known_ms,
           max(told_before_ms) OVER passed AS known_before_ms,
           min(at_ms) OVER passed AS first_ms,
           lead(at_ms) OVER passed IS NULL AS is_last
      FROM chained
    WINDOW passed AS (PARTITION BY unit, is_day, step_ms ORDER BY at_ms ROWS UNBOUNDED PRECEDING)
),
indexed AS (
    SELECT unit, is_day, step_ms, at_ms, equity_e8, first_e8, flow_e8, known_ms, first_ms, is_last,
           iif(before_e8 > 0, known_before_ms, NULL) AS begun_ms,
           iif(has_begun
                   AND NOT max(NOT coalesce(iif(before_e8 > 0, losses = (kept_e8 <= 0),
                                                before_e8 = 0 AND kept_e8 IS NOT NULL AND NOT has_begun
                                                OR before_e8 = kept_e8 AND kept_e8 = equity_e8), 0)) OVER passed,
               exp(growth) * coalesce(lost, 1), NULL) AS value
      FROM factored
    WINDOW passed AS (PARTITION BY unit, is_day, step_ms ORDER BY at_ms ROWS UNBOUNDED PRECEDING)
),
-- The deepest fall from a peak. What differs in the twelfth place is the same. Of a day only its end is asked.
peaked AS (
    SELECT *, max(1, max(value) OVER passed) AS peak
      FROM indexed
     WHERE NOT is_day OR is_last
    WINDOW passed AS (PARTITION BY unit, is_day, step_ms ORDER BY at_ms ROWS UNBOUNDED PRECEDING)
),
fallen AS (
    SELECT *, max(1 - value / peak) OVER step AS fall
      FROM peaked
    WINDOW step AS (PARTITION BY unit, is_day, step_ms)
),
-- First come those at its bottom, in their order.
bottomed AS (
    SELECT *,
           first_value(iif(is_bottom, at_ms, NULL)) OVER deepest AS bottom_ms,
           first_value(iif(is_bottom, peak, NULL)) OVER deepest * (1 - 1e-12) AS top
      FROM (SELECT *, fall > 1e-12 AND 1 - value / peak >= fall - 1e-12 AS is_bottom FROM fallen)
    WINDOW deepest AS (PARTITION BY unit, is_day, step_ms ORDER BY is_bottom DESC, at_ms ROWS UNBOUNDED PRECEDING)
),
summed AS (
    SELECT unit,
           is_day,
           step_ms,
           coalesce(step_begin(max(end_ms) - 1, :every_ms, :every_months), 0) AS shown_ms,
           min(begin_ms) AS begin_ms,
           max(end_ms) AS end_ms,
           max(size_ms) AS size_ms,
           max(hidden_ms) AS hidden_ms,
           max(first_e8) AS first_e8,
           iif(min(is_answered), max(last_e8), NULL) AS last_e8,
           iif(count(*) = count(flow_e8) AND min(has_money), sum(flow_e8), NULL) AS flow_e8,
           iif(min(is_answered) AND min(has_money) AND (NOT is_day OR min(is_known) AND max(end_ms) % 86400000 = 0),
               max(value), NULL) AS value,
           max(fall) AS fall,
           coalesce(iif(max(top) <= 1, min(begun_ms), NULL), min(top_ms)) AS top_ms,
           max(bottom_ms) AS bottom_ms,
           min(recovered_ms) AS recovered_ms,
           max(fees_e8) AS fees_e8,
           max(funding_e8) AS funding_e8,
           max(turnover_e8) AS turnover_e8,
           max(accounts) AS accounts
      FROM (SELECT unit,
                   is_day,
                   step_ms,
                   iif(at_ms = first_ms, first_e8, NULL) AS first_e8,
                   iif(is_last, equity_e8, NULL) AS last_e8,
                   flow_e8,
                   iif(is_last, value, NULL) AS value,
                   fall,
                   top,
                   begun_ms,
                   iif(at_ms < bottom_ms AND value >= top, known_ms, NULL) AS top_ms,
                   iif(at_ms = bottom_ms, known_ms, NULL) AS bottom_ms,
                   iif(at_ms > bottom_ms AND value >= top, known_ms, NULL) AS recovered_ms,
                   NULL AS begin_ms,
                   NULL AS end_ms,
                   NULL AS size_ms,
                   NULL AS hidden_ms,
                   NULL AS is_known,
                   NULL AS is_answered,
                   NULL AS has_money,
                   NULL AS fees_e8,
                   NULL AS funding_e8,
                   NULL AS turnover_e8,
                   NULL AS accounts
              FROM bottomed
            UNION ALL
            SELECT iif(t.is_all, '', j.account),
                   j.is_day,
                   j.step_ms,
                   NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   j.begin_ms,
                   j.end_ms,
                   j.size_ms,
                   j.hidden_ms,
                   j.is_known,
                   j.is_answered,
                   j.has_money,
                   j.fees_e8,
                   j.funding_e8,
                   j.turnover_e8,
                   j.accounts
              FROM counted AS j
             CROSS JOIN unit AS t ON t.is_all = 0 OR j.accounts > 1)
     GROUP BY unit, is_day, step_ms
),
-- Daily returns are those of days that ended in the range and are known at both ends.
daily AS (
    SELECT *,
           iif(is_day, round(value - 1, 12), NULL) AS gain,
           avg(iif(is_day, round(value - 1, 12), NULL)) OVER (PARTITION BY unit, shown_ms) AS mean
      FROM summed
),
-- `is_own`: of the unit itself; `is_part`: of an account, which adds up to it.
parted AS (
    SELECT d.*,
           iif(t.is_all, '', d.unit) AS account,
           d.unit = iif(t.is_all, '', d.unit) AS is_own,
           NOT d.is_day AND d.unit <> '' AS is_part
      FROM daily AS d
     CROSS JOIN unit AS t ON NOT t.is_all OR d.unit <> '' AND d.accounts > 1
),
answered AS (
    SELECT account,
           min(begin_ms) FILTER (WHERE is_part) AS begin_ms,
           max(end_ms) FILTER (WHERE is_part) AS end_ms,
           iif(count(*) FILTER (WHERE is_part) = count(first_e8) FILTER (WHERE is_part),
               sum(first_e8) FILTER (WHERE is_part), NULL) AS first_e8,
           iif(count(*) FILTER (WHERE is_part) = count(last_e8) FILTER (WHERE is_part),
               sum(last_e8) FILTER (WHERE is_part), NULL) AS last_e8,
           iif(count(*) FILTER (WHERE is_part) = count(flow_e8) FILTER (WHERE is_part),
               sum(flow_e8) FILTER (WHERE is_part), NULL) AS flow_e8,
           iif(count(*) FILTER (WHERE is_part) = count(fees_e8) FILTER (WHERE is_part),
               sum(fees_e8) FILTER (WHERE is_part), NULL) AS fees_e8,
           iif(count(*) FILTER (WHERE is_part) = count(funding_e8) FILTER (WHERE is_part),
               sum(funding_e8) FILTER (WHERE is_part), NULL) AS funding_e8,
           iif(count(*) FILTER (WHERE is_part) = count(turnover_e8) FILTER (WHERE is_part),
               sum(turnover_e8) FILTER (WHERE is_part), NULL) AS turnover_e8,
           total(hidden_ms) FILTER (WHERE is_part) / sum(size_ms) FILTER (WHERE is_part) AS hidden_share,
           max(value) FILTER (WHERE is_own AND NOT is_day) AS value,
           max(fall) FILTER (WHERE is_own AND NOT is_day) AS fall,
           max(top_ms) FILTER (WHERE is_own AND NOT is_day) AS top_ms,
           max(bottom_ms) FILTER (WHERE is_own AND NOT is_day) AS bottom_ms,
           max(recovered_ms) FILTER (WHERE is_own AND NOT is_day) AS recovered_ms,
           count(gain) FILTER (WHERE is_own) AS days,
           max(gain) FILTER (WHERE is_own) AS best,
           min(gain) FILTER (WHERE is_own) AS worst,
           max(mean) FILTER (WHERE is_own) AS mean,
           sum((gain - mean) * (gain - mean)) FILTER (WHERE is_own) AS squares,
           sum(min(gain, 0) * min(gain, 0)) FILTER (WHERE is_own) AS losses,
           sum(gain > 1e-12) FILTER (WHERE is_own) AS won -- less is what roundings leave
      FROM parted
     GROUP BY account, shown_ms
    HAVING max(is_own AND NOT is_day)
),
-- Of fewer than two days there is no deviation, and of days that are all the same none.
rated AS (
    SELECT *,
           iif(days > 1, iif(best > worst, sqrt(squares / (days - 1)), 0), NULL) AS deviation,
           iif(days > 1, sqrt(losses / days), NULL) AS downside
      FROM answered
)
SELECT account,
       strftime('%Y-%m-%dT%H:%M:%fZ', begin_ms / 1000.0, 'unixepoch') AS "from",
       strftime('%Y-%m-%dT%H:%M:%fZ', end_ms / 1000.0, 'unixepoch') AS "to",
       first_e8 / 1e8 AS equity_first,
       last_e8 / 1e8 AS equity_last,
       flow_e8 / 1e8 AS transfers,
       (last_e8 - first_e8 - flow_e8) / 1e8 AS pnl,
       round(value - 1, 8) AS return,
       iif(value IS NULL, NULL, round(iif(bottom_ms IS NULL, 0, fall), 8)) AS max_drawdown,
       iif(value IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', top_ms / 1000.0, 'unixepoch')) AS drawdown_from,
       iif(value IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', bottom_ms / 1000.0, 'unixepoch')) AS drawdown_to,
       iif(value IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', recovered_ms / 1000.0, 'unixepoch')) AS recovered,
       round(mean / nullif(deviation, 0) * sqrt(365), 8) AS sharpe,
       round(mean / nullif(downside, 0) * sqrt(365), 8) AS sortino,
       round(deviation * sqrt(365), 8) AS volatility,
       round(best, 8) AS best_day,
       round(worst, 8) AS worst_day,
       round(won * 1.0 / nullif(days, 0), 8) AS days_won,
       fees_e8 / 1e8 AS fees,
       funding_e8 / 1e8 AS funding,
       turnover_e8 / 1e8 AS turnover,
       round((1 - hidden_share) * 1e6) / 1e6 AS covered
  FROM rated
 ORDER BY account = '', account, begin_ms
