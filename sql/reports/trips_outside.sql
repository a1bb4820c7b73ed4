-- The income of the range that is in no round trip, in words; no row where all is. Fees in another asset than the contract's
-- are in none. After with_trips and with_range.
, part AS MATERIALIZED (
    SELECT l.account_id, c.symbol, c.margin_asset AS asset, p.kind, p.time_ms, p.id
      FROM (SELECT leg_id, kind, time_ms, id
              FROM main.trip_part_kept
             WHERE time_ms >= (SELECT min(from_ms) FROM asked)
               AND time_ms < (SELECT max(to_ms) FROM asked)
             UNION ALL
            SELECT leg_id, kind, time_ms, id FROM trip_part_since) AS p
     CROSS JOIN leg AS l ON l.leg_id = p.leg_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     WHERE p.kind IN ('trade', 'funding', 'settlement')
),
outside AS (
    SELECT n.name AS account, i.symbol, i.income_type, i.asset, count(*) AS row_count, sum(i.income_e8) AS income_e8
      FROM asked AS a
     CROSS JOIN account AS n ON n.name = a.account
     CROSS JOIN income AS i ON i.account_id = n.account_id AND i.time_ms >= a.from_ms AND i.time_ms < a.to_ms
     WHERE i.income_type NOT LIKE '%TRANSFER%'
       AND i.income_type NOT LIKE 'COIN_SWAP%'
       AND (:symbol IS NULL OR i.symbol = :symbol)
       AND :side IS NULL
       AND CASE
               WHEN i.income_type IN ('REALIZED_PNL', 'COMMISSION')
                   -- A trade may have been at another time than its income.
                   THEN iif((i.account_id, i.symbol, i.asset, i.trade_id)
                            IN (SELECT account_id, symbol, asset, id FROM part WHERE kind = 'trade'), 0,
                            NOT EXISTS (SELECT 1
                                          FROM contract AS c
                                         CROSS JOIN leg AS l
                                            ON l.account_id = i.account_id AND l.contract_id = c.contract_id
                                         CROSS JOIN trade AS t INDEXED BY trade_by_id
                                            ON t.leg_id = l.leg_id AND t.trade_id = i.trade_id
                                         CROSS JOIN main.trip_part_kept AS k
                                            ON k.time_ms = t.time_ms
                                           AND k.leg_id = l.leg_id
                                           AND k.kind = 'trade'
                                           AND k.id = t.trade_id
                                         WHERE c.product = n.product
                                           AND c.symbol = i.symbol
                                           AND c.margin_asset = i.asset))
               ELSE (i.account_id, i.symbol, i.asset, i.time_ms, i.tran_id)
                    NOT IN (SELECT account_id, symbol, asset, time_ms, id FROM part WHERE kind <> 'trade')
           END
       AND -- last, of the few that are left
--include income_last
     GROUP BY n.name, i.symbol, i.income_type, i.asset
)
SELECT 'In no trip: '
       || group_concat(format('%s, %s%s of %.8f %s (%d)', account, iif(symbol = '', '', symbol || ', '), income_type,
                              income_e8 / 1e8, asset, row_count), '; ') || '.' AS sentence
  FROM (SELECT * FROM outside ORDER BY account, symbol, income_type, asset)
HAVING count(*) > 0;
