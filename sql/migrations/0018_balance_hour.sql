-- What is asked of years of balances, of hours that are over: the highest margin ratio of each, and the rows that report reconcile
-- looks at. Rows are written with those of poll_hour. The program fills these tables from what a database has when it applies this
-- migration (store/rows/hours.h).

CREATE TABLE balance_hour (
    account_id          INTEGER NOT NULL REFERENCES account (account_id),
    asset               TEXT NOT NULL,
    hour_ms             INTEGER NOT NULL,
    margin_ratio_max_e8 INTEGER,
    PRIMARY KEY (account_id, asset, hour_ms)
) STRICT, WITHOUT ROWID;

-- Where a wallet or its time is another than in the row of balance before, or a margin balance does not add up.
CREATE TABLE balance_change (
    account_id        INTEGER NOT NULL REFERENCES account (account_id),
    asset             TEXT NOT NULL,
    time_ms           INTEGER NOT NULL,
    update_ms         INTEGER,
    wallet_balance_e8 INTEGER,
    is_state          INTEGER NOT NULL CHECK (is_state IN (0, 1)),
    adds_up           INTEGER NOT NULL CHECK (adds_up IN (0, 1)),
    PRIMARY KEY (account_id, asset, time_ms)
) STRICT, WITHOUT ROWID;

-- Views of earlier versions that others have replaced (docs/upgrading.md).
DROP VIEW IF EXISTS money_known;
DROP VIEW IF EXISTS asset_leg;
