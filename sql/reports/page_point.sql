-- The equity curve of the page, in USD: the range in at most 400 steps (fewer of more than three accounts), at each of them what was answered last of each
-- account, and of all together as account ''. `moved_e8`: what was transferred in (out: less than 0) since the step before,
-- and what accounts began with that joined. `is_new`: an answer came in the step. `drawdown`: how far what was won by then,
-- transfers taken out, is below its highest, to draw; how far it fell at most, performance says. Kept as page_point. After with_page and
-- with_range.
, grid AS MATERIALIZED (
    SELECT min(from_ms) AS from_ms, max(to_ms) AS to_ms, (max(to_ms) - min(from_ms)) / max(60, 1200 / max(3, count(*))) + 1 AS step_ms FROM asked
),
step (number, end_ms) AS (
    SELECT 0, from_ms + step_ms FROM grid WHERE from_ms < to_ms
    UNION ALL
    SELECT s.number + 1, s.end_ms + g.step_ms FROM step AS s CROSS JOIN grid AS g WHERE s.end_ms < g.to_ms
),
answered AS MATERIALIZED (
    SELECT a.account,
           n.account_id,
           s.number,
           s.end_ms - g.step_ms AS begin_ms,
           (SELECT c.received_ms
              FROM capture_read AS c
             WHERE c.account_id = n.account_id
               AND c.endpoint = 'account'
               AND c.outcome = 'ok'
               AND c.received_ms < min(s.end_ms, g.to_ms)
             ORDER BY c.received_ms DESC LIMIT 1) AS time_ms
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN grid AS g
     CROSS JOIN step AS s ON s.end_ms > a.from_ms
),
held AS MATERIALIZED (
    SELECT n.account_id, n.name AS account, d.asset
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN asset_of_account AS d ON d.account_id = n.account_id
     WHERE EXISTS (SELECT 1
                     FROM balance AS b
                    WHERE b.account_id = n.account_id
                      AND b.asset = d.asset
                      AND b.time_ms < a.to_ms
                      AND b.margin_balance_e8 <> 0)
),
valued AS MATERIALIZED (
    SELECT w.account,
           w.number,
           w.time_ms,
           w.time_ms >= w.begin_ms AS is_new,
           (SELECT iif(count(*) = count(e.margin_balance_usd), sum(CAST(round(e.margin_balance_usd * 1e8) AS INTEGER)), NULL)
              FROM held AS h
             CROSS JOIN equity_history AS e
                ON e.account = h.account
               AND e.asset = h.asset
               AND e.time_ms = (SELECT max(b.time_ms)
                                  FROM balance AS b
                                 WHERE b.account_id = h.account_id AND b.asset = h.asset AND b.time_ms <= w.time_ms)
             WHERE h.account_id = w.account_id AND e.margin_balance <> 0) AS equity_e8
      FROM answered AS w
     WHERE w.time_ms IS NOT NULL
),
-- Counted at the first answer that shows them.
transferred AS MATERIALIZED (
    SELECT account, number, sum(usd_e8) AS usd_e8
      FROM (SELECT h.account,
                   (SELECT min(v.number) FROM valued AS v WHERE v.account = h.account AND v.time_ms >= h.time_ms) AS number,
                   CAST(round(h.income_usd * 1e8) AS INTEGER) AS usd_e8
              FROM asked AS a
             CROSS JOIN page_moved AS h ON h.account = a.account AND h.time_ms >= a.from_ms AND h.time_ms < a.to_ms)
     GROUP BY account, number
),
moved AS MATERIALIZED (
    SELECT v.*,
           coalesce(t.usd_e8, 0) AS moved_e8,
           iif(lag(v.equity_e8) OVER (PARTITION BY v.account ORDER BY v.number) IS NULL, v.equity_e8, t.usd_e8) AS joined_e8
      FROM valued AS v
      LEFT JOIN transferred AS t ON t.account = v.account AND t.number = v.number
),
scoped AS (
    SELECT iif(w.is_all, '', v.account) AS account,
           v.number,
           max(v.time_ms) AS time_ms,
           max(v.is_new) AS is_new,
           sum(v.equity_e8) AS equity_e8,
           coalesce(sum(iif(w.is_all, v.joined_e8, v.moved_e8)), 0) AS moved_e8
      FROM moved AS v
     CROSS JOIN (SELECT 0 AS is_all UNION SELECT count(*) > 1 FROM asked) AS w
     GROUP BY 1, v.number
)
SELECT account,
       number,
       time_ms,
       is_new,
       equity_e8,
       moved_e8,
       exp(growth - max(growth) OVER (PARTITION BY account ORDER BY number)) - 1 AS drawdown
  FROM (SELECT *,
               coalesce(sum(ln(max(equity_e8 - moved_e8, 1) * 1.0 / before_e8)) OVER (PARTITION BY account ORDER BY number), 0)
                   AS growth
          FROM (SELECT *, lag(equity_e8) OVER (PARTITION BY account ORDER BY number) AS before_e8 FROM scoped))
 ORDER BY account, number;
