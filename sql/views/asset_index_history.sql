-- What one of an asset is worth in USD, as assetIndex told it last of each moment; of no account.
CREATE VIEW asset_index_history AS
SELECT substr(i.symbol, 1, length(i.symbol) - 3) AS asset,
       i.time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.time_ms / 1000.0, 'unixepoch') AS time,
       i.index_price_e8 / 1e8 AS index_price,
       i.capture_id
  FROM asset_index AS i
 WHERE i.symbol LIKE '%USD'
   AND i.capture_id = (SELECT max(x.capture_id)
                         FROM asset_index AS x
                        WHERE x.symbol = i.symbol AND x.time_ms = i.time_ms);
