-- The income of the range that is in no round trip, in words; no row where all is. Fees in another asset than the contract's
-- are in none. After with_trips and with_range.
, part AS MATERIALIZED (
    SELECT l.account_id, c.symbol, c.margin_asset AS asset, p.kind, p.time_ms, p.id
      FROM trip_part AS p
     CROSS JOIN leg AS l ON l.leg_id = p.leg_id
     CROSS JOIN contract AS c ON c.contract_id = l.contract_id
     WHERE p.kind IN ('trade', 'funding', 'settlement')
),
outside AS (
    SELECT i.account, i.symbol, i.income_type, i.asset, count(*) AS row_count, sum(i.income_e8) AS income_e8
      FROM asked AS a
     CROSS JOIN income_told AS i
        ON i.account = a.account AND i.time_ms >= a.from_ms AND i.time_ms < a.to_ms
     WHERE i.income_type NOT LIKE '%TRANSFER%'
       AND i.income_type NOT LIKE 'COIN_SWAP%'
       AND (:symbol IS NULL OR i.symbol = :symbol)
       AND :side IS NULL
       AND CASE
               WHEN i.income_type IN ('REALIZED_PNL', 'COMMISSION')
                   THEN (i.account_id, i.symbol, i.asset, i.trade_id)
                        NOT IN (SELECT account_id, symbol, asset, id FROM part WHERE kind = 'trade')
               ELSE (i.account_id, i.symbol, i.asset, i.time_ms, i.tran_id)
                    NOT IN (SELECT account_id, symbol, asset, time_ms, id FROM part WHERE kind <> 'trade')
           END
     GROUP BY i.account, i.symbol, i.income_type, i.asset
)
SELECT 'In no trip: '
       || group_concat(format('%s, %s%s of %.8f %s (%d)', account, iif(symbol = '', '', symbol || ', '), income_type,
                              income_e8 / 1e8, asset, row_count), '; ') || '.' AS sentence
  FROM (SELECT * FROM outside ORDER BY account, symbol, income_type, asset)
HAVING count(*) > 0;
