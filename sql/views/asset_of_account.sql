-- Every asset that an account ever had a balance of, each found from the one before it by a key: what goes through
-- balances over a range of time goes through these, so that the range is one of a key of each.
CREATE VIEW asset_of_account AS
WITH RECURSIVE named (account_id, asset) AS (
    SELECT account_id, (SELECT min(asset) FROM balance WHERE account_id = a.account_id)
      FROM account AS a
    UNION ALL
    SELECT d.account_id,
           (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = d.account_id AND b.asset > d.asset)
      FROM named AS d
     WHERE d.asset IS NOT NULL
)
SELECT account_id, asset FROM named WHERE asset IS NOT NULL;
