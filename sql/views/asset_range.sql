-- Every asset that an account ever had a balance of, and from when to when that is known.
CREATE VIEW asset_range AS
WITH RECURSIVE named (account_id, asset) AS (
    SELECT account_id, (SELECT min(asset) FROM balance WHERE account_id = a.account_id)
      FROM account AS a
    UNION ALL
    SELECT d.account_id,
           (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = d.account_id AND b.asset > d.asset)
      FROM named AS d
     WHERE d.asset IS NOT NULL
)
SELECT a.name AS account,
       d.asset,
       (SELECT min(time_ms) FROM balance WHERE account_id = d.account_id AND asset = d.asset) AS from_ms,
       (SELECT max(time_ms) FROM balance WHERE account_id = d.account_id AND asset = d.asset) AS to_ms
  FROM named AS d
 CROSS JOIN account AS a ON a.account_id = d.account_id
 WHERE d.asset IS NOT NULL;
