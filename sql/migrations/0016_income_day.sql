-- What reports of years ask of income, summed up by the day: what is known of days that are over. A day that something of
-- is told later is summed up anew. The program fills this table from what a database has when it applies this migration
-- (store/rows/income_days.h). The row of no type says that the day is summed up, and of how many.

CREATE TABLE income_day (
    account_id    INTEGER NOT NULL REFERENCES account (account_id),
    day_ms        INTEGER NOT NULL,
    income_type   TEXT NOT NULL,
    symbol        TEXT NOT NULL,
    asset         TEXT NOT NULL,
    position_side TEXT NOT NULL,
    count         INTEGER NOT NULL,
    income_e8     INTEGER,
    usd_e8        INTEGER,
    unpriced      INTEGER NOT NULL,
    PRIMARY KEY (account_id, day_ms, income_type, symbol, asset, position_side)
) STRICT, WITHOUT ROWID;
