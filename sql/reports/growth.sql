-- About how many bytes a day are recorded, by the day before :now_ms or what there is of it, from an hour on (else NULL):
-- of each capture its body as it is stored and what its rows and their keys take, measured (status.bats holds it against
-- a file that grows), and of each valuation likewise.
WITH recorded AS (
    SELECT c.received_ms,
           coalesce(c.stored_size, 0) + 220
           + CASE
                 WHEN e.endpoint = 'account' THEN 600
                 WHEN e.endpoint IN ('userData', 'income', 'userTrades', 'premiumIndex', 'fundingRate', 'assetIndex') THEN 150 * c.row_count
                 ELSE 0
             END AS bytes
      FROM (SELECT 'positionRisk' AS endpoint UNION ALL SELECT 'exchangeInfo' UNION ALL SELECT 'account' UNION ALL
            SELECT 'income' UNION ALL SELECT 'userTrades' UNION ALL SELECT 'userData' UNION ALL SELECT 'premiumIndex' UNION ALL SELECT 'fundingRate'
            UNION ALL SELECT 'symbolConfig' UNION ALL SELECT 'accountConfig' UNION ALL SELECT 'assetIndex') AS e
     CROSS JOIN account_range AS r
     CROSS JOIN capture_log AS c
        ON c.account = r.account
       AND c.endpoint = e.endpoint
       AND c.received_ms BETWEEN :now_ms - 86400000 AND :now_ms
),
over (ms, bytes) AS (
    SELECT max(received_ms) - min(received_ms), sum(bytes) FROM recorded
)
SELECT iif(o.ms >= 3600000,
           CAST(86400000.0 / o.ms
                * (o.bytes + 50 * (SELECT count(*)
                                     FROM leg_range AS l
                                    CROSS JOIN valuation AS v
                                       ON v.leg_id = l.leg_id
                                      AND v.time_ms BETWEEN :now_ms - 86400000 AND :now_ms)) AS INTEGER),
           NULL) AS growth_bytes_a_day
  FROM over AS o;
