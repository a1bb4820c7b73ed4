-- What is asked of years of balances, summed up by the hour: where a wallet's balance changes or a margin balance does not add
-- up, and the highest margin ratio. Rows are written with those of poll_hour. The program fills this table from what a
-- database has when it applies this migration (store/rows/hours.h).

CREATE TABLE balance_hour (
    account_id          INTEGER NOT NULL REFERENCES account (account_id),
    asset               TEXT NOT NULL,
    hour_ms             INTEGER NOT NULL,
    changes             INTEGER NOT NULL,
    first_change_ms     INTEGER,
    last_change_ms      INTEGER,
    margin_ratio_max_e8 INTEGER,
    PRIMARY KEY (account_id, asset, hour_ms)
) STRICT, WITHOUT ROWID;

-- Views of earlier versions that others have replaced (docs/upgrading.md).
DROP VIEW IF EXISTS money_known;
DROP VIEW IF EXISTS asset_leg;
