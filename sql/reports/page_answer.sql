-- What the page begins with: for all accounts together, '', and for each, what it comes to. `unit` says what `value` is:
-- usd, change (of USD), share, age (in seconds) or count; `is_bad` what wants a look; `target` the section that has more.
-- Of page_point, page_pnl, page_asset, page_performance and page_finding. After with_page, with_range and with_silence.
, scope (account, of) AS MATERIALIZED (
    SELECT '', count(*) FROM asked HAVING count(*) > 1
    UNION ALL
    SELECT account, 1 FROM asked
),
member AS MATERIALIZED (
    SELECT s.account AS scope, a.* FROM scope AS s JOIN asked AS a ON s.account IN ('', a.account)
),
last_point AS (
    SELECT s.account, s.of, p.equity_e8, p.time_ms
      FROM scope AS s
      LEFT JOIN page_point AS p
        ON p.account = s.account AND p.number = (SELECT max(x.number) FROM page_point AS x WHERE x.account = s.account)
),
-- What performance says of each; where one account alone has a row, that is what all together made.
performed AS (
    SELECT s.account, p.return AS gained, p.max_drawdown, p.drawdown_to
      FROM scope AS s
      LEFT JOIN page_performance AS p
        ON p.account = s.account OR (s.account = '' AND (SELECT count(*) FROM page_performance) = 1)
),
leg AS MATERIALIZED (
    SELECT a.account, r.symbol || iif(r.position_side = 'BOTH', '', ' ' || lower(r.position_side)) AS name, v.liquidation_distance
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     CROSS JOIN valuation_history AS v
        ON (v.account, v.symbol, v.position_side) = (r.account, r.symbol, r.position_side)
       AND v.time_ms = (SELECT max(t.time_ms) FROM valuation AS t WHERE t.leg_id = r.leg_id AND t.time_ms < a.to_ms)
     WHERE v.position_amount_e8 <> 0
       AND (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
),
nearest AS (
    SELECT account, legs, name, distance
      FROM (SELECT m.scope AS account,
                   count(*) OVER (PARTITION BY m.scope) AS legs,
                   l.account || ', ' || l.name AS name,
                   l.liquidation_distance AS distance,
                   row_number() OVER (PARTITION BY m.scope
                                      ORDER BY l.liquidation_distance NULLS LAST, l.account, l.name) AS number
              FROM member AS m
              JOIN leg AS l ON l.account = m.account)
     WHERE number = 1
),
-- Of each asset as it stands, and the worst that it was.
ratio AS MATERIALIZED (
    SELECT a.account,
           d.asset,
           (SELECT b.maintenance_margin_e8 * 1.0 / nullif(b.margin_balance_e8, 0)
              FROM balance AS b
             WHERE b.account_id = d.account_id AND b.asset = d.asset AND b.time_ms < a.to_ms
             ORDER BY b.time_ms DESC LIMIT 1) AS ratio,
           (SELECT max(e.margin_ratio_max) FROM page_asset AS e WHERE e.account = a.account AND e.asset = d.asset) AS highest
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN asset_of_account AS d ON d.account_id = n.account_id
),
margin AS (
    SELECT m.scope AS account, max(r.ratio) AS ratio, max(r.highest) AS highest
      FROM member AS m
      JOIN ratio AS r ON r.account = m.account
     GROUP BY m.scope
),
covered AS (
    SELECT m.scope AS account,
           max(:now_ms - b.last_ms) AS age_ms,
           max(:now_ms > b.until_ms) AS is_late,
           1 - total((SELECT sum(g.to_ms - g.from_ms) FROM silence AS g WHERE g.account = b.account AND g.kind = 'polls'))
               / max(1, total(b.to_ms - b.from_ms)) AS share,
           total((SELECT count(*) FROM silence AS g WHERE g.account = b.account AND g.kind = 'polls')) AS holes
      FROM member AS m
      JOIN bound AS b ON b.account = m.account AND b.kind = 'polls'
     GROUP BY m.scope
),
found AS (
    SELECT m.scope AS account, count(f.finding) AS findings
      FROM member AS m
      LEFT JOIN page_finding AS f ON f.account = m.account AND f.finding NOT LIKE 'not_recorded%'
     GROUP BY m.scope
)
SELECT account, number, label, value, unit, note, is_bad, target
  FROM (SELECT account, 1 AS number, 'Equity' AS label, equity_e8 / 1e8 AS value, 'usd' AS unit,
               CASE
                   WHEN time_ms IS NULL THEN 'no answer of account is recorded'
                   WHEN gained IS NULL THEN 'what it returned is not known'
                   ELSE format('%+.2f %% in the range', round(gained * 100, 2) + 0.0)
               END AS note,
               0 AS is_bad,
               'curve' AS target
          FROM last_point
          JOIN performed USING (account)
         UNION ALL
        SELECT p.account,
               2 + (p.kind = '7 days') + 2 * (p.kind = '30 days'),
               CASE
                   WHEN p.kind <> 'day' THEN 'PnL of ' || p.kind
                   WHEN p.to_ms > :now_ms THEN 'PnL today'
                   ELSE 'PnL on ' || strftime('%Y-%m-%d', p.from_ms / 1000, 'unixepoch')
               END,
               p.total_e8 / 1e8,
               'change',
               CASE
                   WHEN p.of = 0 AND p.unrealized_e8 IS NULL THEN 'not recorded'
                   WHEN p.of = 0 AND p.is_told THEN 'not all income has a price in USD'
                   WHEN p.of = 0 THEN format('income is not recorded; unrealized %+.2f', p.unrealized_e8 / 1e8)
                   WHEN p.of < s.of THEN format('of %d of %d accounts', p.of, s.of)
                   ELSE format('unrealized %+.2f', p.unrealized_e8 / 1e8)
               END,
               0,
               'months'
          FROM page_pnl AS p
          JOIN scope AS s ON s.account = p.account
         WHERE p.kind IN ('day', '7 days', '30 days')
         UNION ALL
        SELECT account, 5, 'Largest drawdown', 0 - max_drawdown, 'share',
               iif(max_drawdown IS NULL, 'not known', iif(max_drawdown > 0, 'on ' || substr(drawdown_to, 1, 10), NULL)), 0, 'performance'
          FROM performed
         UNION ALL
        SELECT s.account, 6, 'Margin ratio', m.ratio, 'share',
               format('worst of the range %.2f %%', m.highest * 100), coalesce(m.ratio >= 0.5, 0), 'equity'
          FROM scope AS s
          LEFT JOIN margin AS m ON m.account = s.account
         UNION ALL
        SELECT s.account, 7, 'Nearest liquidation', n.distance, 'share',
               coalesce(iif(n.distance IS NULL, 'none of ' || n.legs || ' positions has one', n.name), 'nothing is open'),
               coalesce(n.distance < 0.02, 0), 'open'
          FROM scope AS s
          LEFT JOIN nearest AS n ON n.account = s.account
         UNION ALL
        SELECT s.account, 8, 'Last poll', max(c.age_ms, 0) / 1000, 'age', iif(c.is_late, 'ago: late', 'ago'),
               coalesce(c.is_late, 0), 'coverage'
          FROM scope AS s
          LEFT JOIN covered AS c ON c.account = s.account
         UNION ALL
        SELECT s.account, 9, 'Recorded', c.share, 'share',
               iif(c.holes > 0, format('%d hole%s', c.holes, iif(c.holes = 1, '', 's')), 'no hole'), 0, 'gaps'
          FROM scope AS s
          LEFT JOIN covered AS c ON c.account = s.account
         UNION ALL
        SELECT account, 10, 'Findings', findings, 'count', iif(findings = 0, 'all adds up', 'to look at'), findings > 0,
               'reconcile'
          FROM found)
 ORDER BY account, number;
