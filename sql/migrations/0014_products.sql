-- What USD-M says and COIN-M does not: what an account comes to as a whole, at each answer of `account`; leverage and
-- margin type by symbol, by difference; and what assets are worth, facts of the exchange's own times. What the program
-- fills of older files it fills when it applies this migration, where that was not done before: it writes rows with
-- statements of all tables.

CREATE TABLE account_total (
    account_id                   INTEGER NOT NULL REFERENCES account (account_id),
    time_ms                      INTEGER NOT NULL,
    capture_id                   INTEGER NOT NULL REFERENCES capture (capture_id),
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
    PRIMARY KEY (account_id, time_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE symbol_config (
    account_id            INTEGER NOT NULL REFERENCES account (account_id),
    contract_id           INTEGER NOT NULL REFERENCES contract (contract_id),
    time_ms               INTEGER NOT NULL,
    capture_id            INTEGER NOT NULL REFERENCES capture (capture_id),
    leverage              INTEGER,
    margin_type           TEXT,
    auto_add_margin       INTEGER CHECK (auto_add_margin IN (0, 1)),
    max_notional_value_e8 INTEGER,
    rounded               INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                 TEXT,
    PRIMARY KEY (account_id, contract_id, time_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE asset_index (
    account_id     INTEGER NOT NULL REFERENCES account (account_id),
    symbol         TEXT NOT NULL,
    time_ms        INTEGER NOT NULL,
    capture_id     INTEGER NOT NULL REFERENCES capture (capture_id),
    index_price_e8 INTEGER,
    rounded        INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra          TEXT,
    PRIMARY KEY (account_id, symbol, time_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_index_by_symbol ON asset_index (symbol, time_ms, capture_id, index_price_e8);
CREATE INDEX asset_index_by_capture ON asset_index (capture_id);

-- Which products there are is the program's to know, as endpoints and outcomes are.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE account (
    account_id INTEGER PRIMARY KEY CHECK (account_id BETWEEN 1 AND 1048575),
    name       TEXT NOT NULL UNIQUE CHECK (name <> ''''),
    product    TEXT NOT NULL CHECK (product <> '''')
) STRICT'
 WHERE type = 'table' AND name = 'account';

PRAGMA writable_schema = RESET;
