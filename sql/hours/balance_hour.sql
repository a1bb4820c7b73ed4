-- An account's balances of the hours from :hour_ms to :until_ms, summed up by asset, in the columns of balance_hour. A change
-- is a row that reconcile has to look at: another wallet or time of it than in the row before, or a margin balance that
-- does not add up; each is found from the one before by a walk of the key. A ratio is rounded to eight places, and NULL
-- where there is none or it does not fit into the column.
, own (account_id, asset) AS (
    SELECT a.account_id, (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = a.account_id)
      FROM account AS a
     WHERE a.name = :account
    UNION ALL
    SELECT o.account_id,
           (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = o.account_id AND b.asset > o.asset)
      FROM own AS o
     WHERE o.asset IS NOT NULL
),
hour (account_id, asset, hour_ms) AS (
    SELECT o.account_id,
           o.asset,
           (SELECT min(b.time_ms) / 3600000 * 3600000
              FROM balance AS b
             WHERE b.account_id = o.account_id AND b.asset = o.asset AND b.time_ms >= :hour_ms)
      FROM own AS o
     WHERE o.asset IS NOT NULL
    UNION ALL
    SELECT h.account_id,
           h.asset,
           (SELECT min(b.time_ms) / 3600000 * 3600000
              FROM balance AS b
             WHERE b.account_id = h.account_id AND b.asset = h.asset AND b.time_ms >= h.hour_ms + 3600000)
      FROM hour AS h
     WHERE h.hour_ms < :until_ms
),
walk (account_id, asset, hour_ms, changes, first_ms, time_ms, wallet_e8, update_ms) AS (
    SELECT h.account_id, h.asset, h.hour_ms, 0, NULL, h.hour_ms - 1, b.wallet_balance_e8, b.update_ms
      FROM hour AS h
      LEFT JOIN balance AS b
        ON b.account_id = h.account_id
       AND b.asset = h.asset
       AND b.time_ms = (SELECT max(p.time_ms)
                          FROM balance AS p
                         WHERE p.account_id = h.account_id AND p.asset = h.asset AND p.time_ms < h.hour_ms)
     WHERE h.hour_ms < :until_ms
    UNION ALL
    SELECT w.account_id, w.asset, w.hour_ms, w.changes + 1, coalesce(w.first_ms, b.time_ms), b.time_ms, b.wallet_balance_e8, b.update_ms
      FROM walk AS w
     CROSS JOIN balance AS b
        ON b.account_id = w.account_id
       AND b.asset = w.asset
       AND b.time_ms = (SELECT n.time_ms
                          FROM balance AS n
                         WHERE n.account_id = w.account_id
                           AND n.asset = w.asset
                           AND n.time_ms > w.time_ms
                           AND n.time_ms < w.hour_ms + 3600000
                           AND (n.wallet_balance_e8 IS NOT w.wallet_e8
                                OR n.update_ms IS NOT w.update_ms
                                OR n.margin_balance_e8 - n.wallet_balance_e8 - n.unrealized_pnl_e8 NOT BETWEEN -1 AND 1)
                         ORDER BY n.time_ms LIMIT 1)
)
SELECT account_id,
       asset,
       hour_ms,
       changes,
       first_ms,
       iif(changes > 0, time_ms, NULL),
       iif(abs(margin_ratio) < 9e10, CAST(round(margin_ratio * 1e8) AS INTEGER), NULL)
  FROM (SELECT account_id,
               asset,
               hour_ms,
               max(changes) AS changes, -- the columns beside it are those of the walk's last row
               first_ms,
               time_ms,
               (SELECT max(b.maintenance_margin_e8 * 1.0 / b.margin_balance_e8)
                  FROM balance AS b
                 WHERE b.account_id = w.account_id
                   AND b.asset = w.asset
                   AND b.time_ms BETWEEN w.hour_ms AND w.hour_ms + 3599999) AS margin_ratio
          FROM walk AS w
         GROUP BY account_id, asset, hour_ms
         LIMIT -1);
