-- Every asset that an account ever had a balance of, and from when to when that is known.
CREATE VIEW asset_range AS
SELECT a.name AS account,
       d.asset,
       (SELECT min(time_ms) FROM balance WHERE account_id = d.account_id AND asset = d.asset) AS from_ms,
       (SELECT max(time_ms) FROM balance WHERE account_id = d.account_id AND asset = d.asset) AS to_ms
  FROM asset_of_account AS d
 CROSS JOIN account AS a ON a.account_id = d.account_id;
