-- What the user data stream tells between two polls: facts, each written once, by the capture that told
-- it first, and again only if it is ever told differently.

CREATE TABLE account_update (
    account_id     INTEGER NOT NULL REFERENCES account,
    transaction_ms INTEGER NOT NULL,
    capture_id     INTEGER NOT NULL REFERENCES capture,
    event_ms       INTEGER NOT NULL,
    reason         TEXT,
    symbol         TEXT,
    rounded        INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra          TEXT,
    PRIMARY KEY (account_id, transaction_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE position_update (
    leg_id                  INTEGER NOT NULL REFERENCES leg,
    transaction_ms          INTEGER NOT NULL,
    capture_id              INTEGER NOT NULL REFERENCES capture,
    position_amount_e8      INTEGER,
    entry_price_e8          INTEGER,
    break_even_price_e8     INTEGER,
    accumulated_realized_e8 INTEGER,
    unrealized_pnl_e8       INTEGER,
    margin_type             TEXT,
    isolated_wallet_e8      INTEGER,
    rounded                 INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                   TEXT,
    PRIMARY KEY (leg_id, transaction_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE balance_update (
    account_id              INTEGER NOT NULL REFERENCES account,
    asset                   TEXT NOT NULL,
    transaction_ms          INTEGER NOT NULL,
    capture_id              INTEGER NOT NULL REFERENCES capture,
    wallet_balance_e8       INTEGER,
    cross_wallet_balance_e8 INTEGER,
    balance_change_e8       INTEGER,
    rounded                 INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                   TEXT,
    PRIMARY KEY (account_id, asset, transaction_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE leverage_update (
    account_id     INTEGER NOT NULL REFERENCES account,
    contract_id    INTEGER NOT NULL REFERENCES contract,
    transaction_ms INTEGER NOT NULL,
    capture_id     INTEGER NOT NULL REFERENCES capture,
    leverage       INTEGER,
    rounded        INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra          TEXT,
    PRIMARY KEY (account_id, contract_id, transaction_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE margin_call (
    leg_id                INTEGER NOT NULL REFERENCES leg,
    event_ms              INTEGER NOT NULL,
    capture_id            INTEGER NOT NULL REFERENCES capture,
    position_amount_e8    INTEGER,
    margin_type           TEXT,
    isolated_wallet_e8    INTEGER,
    mark_price_e8         INTEGER,
    unrealized_pnl_e8     INTEGER,
    maintenance_margin_e8 INTEGER,
    rounded               INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra                 TEXT,
    PRIMARY KEY (leg_id, event_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE trade (
    leg_id           INTEGER NOT NULL REFERENCES leg,
    time_ms          INTEGER NOT NULL,
    trade_id         TEXT NOT NULL,
    source           TEXT NOT NULL CHECK (source IN ('rest', 'stream')),
    revision         INTEGER NOT NULL CHECK (revision >= 0),
    capture_id       INTEGER NOT NULL REFERENCES capture,
    order_id         TEXT,
    side             TEXT,
    price_e8         INTEGER,
    quantity_e8      INTEGER,
    realized_pnl_e8  INTEGER,
    commission_e8    INTEGER,
    commission_asset TEXT,
    maker            INTEGER CHECK (maker IN (0, 1)),
    base_quantity_e8 INTEGER,
    execution        TEXT,
    rounded          INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra            TEXT,
    PRIMARY KEY (leg_id, time_ms, trade_id, source, revision)
) STRICT, WITHOUT ROWID;

-- Where connections of the stream began and ended.
CREATE INDEX capture_of_session ON capture (account_id, capture_id)
    WHERE outcome IN ('opened', 'closed');
