-- What is asked of years, summed up by the hour: each leg's valuations, and each account's polls. A row is written
-- when an hour is over, which the first poll of a later one shows. The program fills these tables from what a
-- database has when it applies this migration (store/hours.h).

CREATE TABLE leg_hour (
    leg_id                         INTEGER NOT NULL REFERENCES leg,
    hour_ms                        INTEGER NOT NULL,
    first_ms                       INTEGER NOT NULL,
    last_ms                        INTEGER NOT NULL,
    valuations                     INTEGER NOT NULL,
    findings                       INTEGER NOT NULL,
    unrealized_pnl_first_e8        INTEGER,
    unrealized_pnl_last_e8         INTEGER,
    unrealized_pnl_min_e8          INTEGER,
    unrealized_pnl_max_e8          INTEGER,
    unrealized_pnl_usd_first_e8    INTEGER,
    unrealized_pnl_usd_last_e8     INTEGER,
    unrealized_pnl_usd_min_e8      INTEGER,
    unrealized_pnl_usd_max_e8      INTEGER,
    isolated_margin_first_e8       INTEGER,
    isolated_margin_last_e8        INTEGER,
    isolated_margin_min_e8         INTEGER,
    isolated_margin_max_e8         INTEGER,
    initial_margin_first_e8        INTEGER,
    initial_margin_last_e8         INTEGER,
    initial_margin_min_e8          INTEGER,
    initial_margin_max_e8          INTEGER,
    liquidation_distance_first_e8  INTEGER,
    liquidation_distance_last_e8   INTEGER,
    liquidation_distance_min_e8    INTEGER,
    liquidation_distance_max_e8    INTEGER,
    PRIMARY KEY (leg_id, hour_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_hour (
    account_id INTEGER NOT NULL REFERENCES account,
    hour_ms    INTEGER NOT NULL,
    ok         INTEGER NOT NULL,
    failed     INTEGER NOT NULL,
    gaps       INTEGER NOT NULL,
    PRIMARY KEY (account_id, hour_ms)
) STRICT, WITHOUT ROWID;

-- What the daily views stood on before.
DROP VIEW IF EXISTS leg_day;
