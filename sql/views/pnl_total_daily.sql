-- The whole PnL of each symbol on each UTC day, in its asset and in USD: what was realized, funding, commission,
-- other income (insurance, delivery; not transfers), the change of the unrealized PnL, and their total. Money
-- is NULL on days of which income is not known, the change on those without polls, and the total where either is.
-- A leg's change is from its last valuation before the day to its last one in it; on its first day from its first of all
-- where the account's first answer has it, else from nothing: earlier answers had no such leg.
CREATE VIEW pnl_total_daily AS
WITH income_known AS MATERIALIZED (
    SELECT account, from_ms, to_ms FROM known WHERE kind = 'income'
),
paid AS (
    SELECT account,
           symbol,
           asset,
           time_ms / 86400000 * 86400000 AS day_ms,
           kind,
           sum(CAST(round(income * 1e8) AS INTEGER)) AS income_e8,
           iif(count(*) = count(income_usd), sum(CAST(round(income_usd * 1e8) AS INTEGER)), NULL) AS income_usd_e8
      FROM leg_income
     GROUP BY 1, 2, 3, 4, 5
),
moved AS (
    SELECT account,
           symbol,
           margin_asset AS asset,
           day_ms,
           sum(CAST(coalesce(last_e8, 0) - coalesce(before_e8, iif(is_late, 0, first_e8), 0) AS INTEGER)) AS change_e8,
           sum(CAST(coalesce(last_usd_e8, 0) - coalesce(before_usd_e8, iif(is_late, 0, first_usd_e8), 0) AS INTEGER))
               AS change_usd_e8
      FROM (SELECT d.account,
                   d.symbol,
                   d.margin_asset,
                   d.day_ms,
                   round(d.unrealized_pnl_first * 1e8) AS first_e8,
                   round(d.unrealized_pnl_last * 1e8) AS last_e8,
                   round(lag(d.unrealized_pnl_last) OVER leg * 1e8) AS before_e8,
                   round(d.unrealized_pnl_usd_first * 1e8) AS first_usd_e8,
                   round(d.unrealized_pnl_usd_last * 1e8) AS last_usd_e8,
                   round(lag(d.unrealized_pnl_usd_last) OVER leg * 1e8) AS before_usd_e8,
                   iif(row_number() OVER leg = 1,
                       (SELECT r.from_ms
                          FROM leg_range AS r
                         WHERE (r.account, r.symbol, r.position_side) = (d.account, d.symbol, d.position_side))
                       > (SELECT p.received_ms
                            FROM poll_log AS p
                           WHERE p.account = d.account AND p.outcome = 'ok'
                           ORDER BY p.received_ms LIMIT 1), 0) AS is_late
              FROM pnl_daily AS d
            WINDOW leg AS (PARTITION BY d.account, d.symbol, d.position_side ORDER BY d.day_ms))
     GROUP BY account, symbol, margin_asset, day_ms
),
day AS (
    SELECT account, symbol, asset, day_ms FROM paid
     UNION
    SELECT account, symbol, asset, day_ms FROM moved WHERE change_e8 <> 0 OR change_usd_e8 <> 0
),
summed AS (
    SELECT d.*,
           EXISTS (SELECT 1
                     FROM income_known AS k
                    WHERE k.account = d.account AND k.from_ms < d.day_ms + 86400000 AND k.to_ms > d.day_ms)
               AS has_money,
           r.from_ms < d.day_ms + 86400000 AND r.to_ms >= d.day_ms AS has_polls,
           sum(iif(p.kind = 'realized', p.income_e8, 0)) AS realized_e8,
           sum(iif(p.kind = 'funding', p.income_e8, 0)) AS funding_e8,
           sum(iif(p.kind = 'commission', p.income_e8, 0)) AS commission_e8,
           sum(iif(p.kind = 'other', p.income_e8, 0)) AS other_e8,
           sum(iif(p.kind = 'realized', p.income_usd_e8, 0)) AS realized_usd_e8,
           sum(iif(p.kind = 'funding', p.income_usd_e8, 0)) AS funding_usd_e8,
           sum(iif(p.kind = 'commission', p.income_usd_e8, 0)) AS commission_usd_e8,
           sum(iif(p.kind = 'other', p.income_usd_e8, 0)) AS other_usd_e8,
           sum(iif(p.kind IS NOT NULL AND p.income_usd_e8 IS NULL, 1, 0)) AS unpriced,
           coalesce(m.change_e8, 0) AS change_e8,
           coalesce(m.change_usd_e8, 0) AS change_usd_e8
      FROM day AS d
      LEFT JOIN account_range AS r ON r.account = d.account
      LEFT JOIN paid AS p
        ON p.account = d.account AND p.symbol = d.symbol AND p.asset = d.asset AND p.day_ms = d.day_ms
      LEFT JOIN moved AS m
        ON m.account = d.account AND m.symbol = d.symbol AND m.asset = d.asset AND m.day_ms = d.day_ms
     GROUP BY d.account, d.symbol, d.asset, d.day_ms
)
SELECT account,
       symbol,
       asset,
       day_ms,
       strftime('%Y-%m-%d', day_ms / 1000, 'unixepoch') AS day,
       iif(has_money, realized_e8 / 1e8, NULL) AS realized_pnl,
       iif(has_money, funding_e8 / 1e8, NULL) AS funding,
       iif(has_money, commission_e8 / 1e8, NULL) AS commission,
       iif(has_money, other_e8 / 1e8, NULL) AS other,
       iif(has_polls, change_e8 / 1e8, NULL) AS unrealized_change,
       iif(has_money AND has_polls,
           (realized_e8 + funding_e8 + commission_e8 + other_e8 + change_e8) / 1e8, NULL) AS total,
       iif(has_money AND NOT unpriced, realized_usd_e8 / 1e8, NULL) AS realized_pnl_usd,
       iif(has_money AND NOT unpriced, funding_usd_e8 / 1e8, NULL) AS funding_usd,
       iif(has_money AND NOT unpriced, commission_usd_e8 / 1e8, NULL) AS commission_usd,
       iif(has_money AND NOT unpriced, other_usd_e8 / 1e8, NULL) AS other_usd,
       iif(has_polls, change_usd_e8 / 1e8, NULL) AS unrealized_change_usd,
       iif(has_money AND has_polls AND NOT unpriced,
           (realized_usd_e8 + funding_usd_e8 + commission_usd_e8 + other_usd_e8 + change_usd_e8) / 1e8,
           NULL) AS total_usd
  FROM summed;
