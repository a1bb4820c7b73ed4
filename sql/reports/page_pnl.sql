-- What positions earned, by part, in USD: in each month of the range, on its last day, in the last 7 and 30 days of it, and
-- in all of it, for each account and, as account '', for all together. Money is NULL where no income is known, the change of
-- what is unrealized where there is no poll, and the total where either is. Kept as page_pnl. After
-- with_page, with_range, with_earning_since and with_income.
, bound AS MATERIALIZED (
    SELECT min(from_ms) AS from_ms, max(to_ms) AS to_ms, step_begin(max(to_ms) - 1, 86400000, 0) AS day_ms FROM asked
),
month (from_ms, to_ms) AS (
    SELECT step_begin(from_ms, 2419200000, 1), step_end(from_ms, 2419200000, 1) FROM bound WHERE from_ms < to_ms
    UNION ALL
    SELECT m.to_ms, step_end(m.to_ms, 2419200000, 1) FROM month AS m CROSS JOIN bound AS b WHERE m.to_ms < b.to_ms
),
period (kind, from_ms, to_ms) AS MATERIALIZED (
    SELECT 'month', from_ms, to_ms FROM month
    UNION ALL
    SELECT 'day', day_ms, day_ms + 86400000 FROM bound WHERE day_ms IS NOT NULL
    UNION ALL
    SELECT '7 days', day_ms - 6 * 86400000, day_ms + 86400000 FROM bound WHERE day_ms IS NOT NULL
    UNION ALL
    SELECT '30 days', day_ms - 29 * 86400000, day_ms + 86400000 FROM bound WHERE day_ms IS NOT NULL
    UNION ALL
    SELECT 'range', from_ms, to_ms FROM bound WHERE from_ms < to_ms
),
-- Income by day, of days that are summed up and of all else.
paid AS MATERIALIZED (
    SELECT account,
           time_ms / 86400000 * 86400000 AS day_ms,
           CASE income_type WHEN 'REALIZED_PNL' THEN 1 WHEN 'FUNDING_FEE' THEN 2 WHEN 'COMMISSION' THEN 3 ELSE 4 END AS part,
           iif(sum(unpriced) = 0, sum(usd_e8), NULL) AS usd_e8
      FROM earned
     WHERE income_type NOT LIKE '%TRANSFER%' AND income_type NOT LIKE 'COIN_SWAP%'
     GROUP BY 1, 2, 3
),
-- Each leg's valuation before a moment, or its first: what is unrealized changes from one to another.
moment AS MATERIALIZED (
    SELECT DISTINCT a.account, max(a.from_ms, min(a.to_ms, p.time_ms)) AS time_ms
      FROM asked AS a
     CROSS JOIN (SELECT from_ms AS time_ms FROM period UNION SELECT to_ms FROM period) AS p
),
stood AS MATERIALIZED (
    SELECT m.account, m.time_ms, coalesce(sum(v.unrealized_pnl_usd_e8), 0) AS usd_e8
      FROM moment AS m
     CROSS JOIN leg_range AS r ON r.account = m.account AND r.from_ms < r.to_ms
     CROSS JOIN valuation_history AS v
        ON (v.account, v.symbol, v.position_side) = (r.account, r.symbol, r.position_side)
       AND v.time_ms = coalesce((SELECT max(w.time_ms) FROM valuation AS w WHERE w.leg_id = r.leg_id AND w.time_ms < m.time_ms),
                                r.from_ms)
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
     GROUP BY m.account, m.time_ms
),
told AS MATERIALIZED (
    SELECT account, kind, from_ms, to_ms FROM known WHERE kind IN ('polls', 'income')
),
summed AS MATERIALIZED (
    SELECT a.account,
           p.kind,
           p.from_ms,
           p.to_ms,
           EXISTS (SELECT 1
                     FROM told AS k
                    WHERE k.account = a.account AND k.kind = 'income' AND k.from_ms < p.to_ms AND k.to_ms > p.from_ms) AS has_money,
           EXISTS (SELECT 1
                     FROM told AS k
                    WHERE k.account = a.account AND k.kind = 'polls' AND k.from_ms < p.to_ms AND k.to_ms >= p.from_ms) AS has_polls,
           (SELECT json_array(coalesce(sum(iif(part = 1, usd_e8, 0)), 0), coalesce(sum(iif(part = 2, usd_e8, 0)), 0),
                              coalesce(sum(iif(part = 3, usd_e8, 0)), 0), coalesce(sum(iif(part = 4, usd_e8, 0)), 0),
                              sum(usd_e8 IS NULL))
              FROM paid AS i
             WHERE i.account = a.account AND i.day_ms >= p.from_ms - 86399999 AND i.day_ms < p.to_ms) AS parts,
           coalesce((SELECT sum(iif(s.time_ms = max(a.from_ms, min(a.to_ms, p.to_ms)), s.usd_e8, 0)
                                - iif(s.time_ms = max(a.from_ms, min(a.to_ms, p.from_ms)), s.usd_e8, 0))
                       FROM stood AS s
                      WHERE s.account = a.account), 0) AS change_e8
      FROM asked AS a
     CROSS JOIN period AS p
     WHERE p.kind <> 'month' OR (p.from_ms < a.to_ms AND p.to_ms > a.from_ms)
),
parted AS MATERIALIZED (
    SELECT account,
           kind,
           from_ms,
           to_ms,
           iif(has_priced, json_extract(parts, '$[0]'), NULL) AS realized_e8,
           iif(has_priced, json_extract(parts, '$[1]'), NULL) AS funding_e8,
           iif(has_priced, json_extract(parts, '$[2]'), NULL) AS fees_e8,
           iif(has_priced, json_extract(parts, '$[3]'), NULL) AS other_e8,
           iif(has_polls, change_e8, NULL) AS unrealized_e8,
           has_money
      FROM (SELECT *, has_money AND coalesce(json_extract(parts, '$[4]'), 0) = 0 AS has_priced FROM summed)
)
SELECT iif(w.is_all, '', p.account) AS account,
       p.kind,
       p.from_ms,
       p.to_ms,
       sum(p.realized_e8) AS realized_e8,
       sum(p.funding_e8) AS funding_e8,
       sum(p.fees_e8) AS fees_e8,
       sum(p.other_e8) AS other_e8,
       sum(p.unrealized_e8) AS unrealized_e8,
       sum(p.realized_e8 + p.funding_e8 + p.fees_e8 + p.other_e8 + p.unrealized_e8) AS total_e8,
       count(p.realized_e8 + p.unrealized_e8) AS of,
       max(p.has_money) AS is_told
  FROM parted AS p
 CROSS JOIN (SELECT 0 AS is_all UNION SELECT count(*) > 1 FROM asked) AS w
 GROUP BY 1, p.kind, p.from_ms, p.to_ms;
