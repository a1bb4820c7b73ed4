-- An account's balances of the hours from :hour_ms to :until_ms, summed up by asset, in the columns of balance_hour. A ratio is
-- rounded to eight places, and NULL where there is none or it does not fit into the column.
, own (account_id, asset) AS (
--include asset_of_named
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
)
SELECT account_id, asset, hour_ms, iif(abs(margin_ratio) < 9e10, CAST(round(margin_ratio * 1e8) AS INTEGER), NULL)
  FROM (SELECT h.*,
               (SELECT max(b.maintenance_margin_e8 * 1.0 / b.margin_balance_e8)
                  FROM balance AS b
                 WHERE b.account_id = h.account_id
                   AND b.asset = h.asset
                   AND b.time_ms BETWEEN h.hour_ms AND h.hour_ms + 3599999) AS margin_ratio
          FROM hour AS h
         WHERE h.hour_ms < :until_ms
         LIMIT -1);
