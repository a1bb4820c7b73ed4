-- `own`: the assets of :account as asset_of_account has them, but for those of other accounts, and NULL at the end. An hour of one
-- account is closed at a time: to go through the assets of all would cost a fleet its square.
    SELECT a.account_id, (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = a.account_id)
      FROM account AS a
     WHERE a.name = :account
    UNION ALL
    SELECT o.account_id,
           (SELECT min(b.asset) FROM balance AS b WHERE b.account_id = o.account_id AND b.asset > o.asset)
      FROM own AS o
     WHERE o.asset IS NOT NULL
