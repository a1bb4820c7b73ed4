-- The money that explains the positions. Two series, by difference: what each asset and each leg came to
-- at an answer of `account`. And income, a fact; what userTrades tells goes into `trade`.

CREATE TABLE balance (
    account_id                   INTEGER NOT NULL REFERENCES account,
    asset                        TEXT NOT NULL,
    time_ms                      INTEGER NOT NULL,
    capture_id                   INTEGER NOT NULL REFERENCES capture,
    update_ms                    INTEGER,
    wallet_balance_e8            INTEGER,
    cross_wallet_balance_e8      INTEGER,
    unrealized_pnl_e8            INTEGER,
    cross_unrealized_pnl_e8      INTEGER,
    margin_balance_e8            INTEGER,
    maintenance_margin_e8        INTEGER,
    initial_margin_e8            INTEGER,
    position_initial_margin_e8   INTEGER,
    open_order_initial_margin_e8 INTEGER,
    available_balance_e8         INTEGER,
    max_withdraw_e8              INTEGER,
    rounded                      INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                        TEXT,
    PRIMARY KEY (account_id, asset, time_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE leg_margin (
    leg_id                       INTEGER NOT NULL REFERENCES leg,
    time_ms                      INTEGER NOT NULL,
    capture_id                   INTEGER NOT NULL REFERENCES capture,
    update_ms                    INTEGER,
    initial_margin_e8            INTEGER,
    maintenance_margin_e8        INTEGER,
    position_initial_margin_e8   INTEGER,
    open_order_initial_margin_e8 INTEGER,
    rounded                      INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                        TEXT,
    PRIMARY KEY (leg_id, time_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE income (
    account_id  INTEGER NOT NULL REFERENCES account,
    time_ms     INTEGER NOT NULL,
    income_type TEXT NOT NULL,
    tran_id     TEXT NOT NULL,
    asset       TEXT NOT NULL,
    symbol      TEXT NOT NULL,
    revision    INTEGER NOT NULL CHECK (revision >= 0),
    capture_id  INTEGER NOT NULL REFERENCES capture,
    income_e8   INTEGER,
    info        TEXT,
    trade_id    TEXT NOT NULL,
    rounded     INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra       TEXT,
    PRIMARY KEY (account_id, time_ms, income_type, tran_id, asset, symbol, revision)
) STRICT, WITHOUT ROWID;

-- A trade and the income that it made name each other by the trade's id.
CREATE INDEX income_of_trade ON income (account_id, trade_id) WHERE trade_id <> '';
CREATE INDEX trade_by_id ON trade (leg_id, trade_id);
