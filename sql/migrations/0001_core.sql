-- Accounts, contracts, legs; the archive and the chain of polls; positions and valuations.
-- Units: *_ms are milliseconds since 1970 UTC on the exchange's clock, *_e8 are integers at 10^8.
-- docs/schema.md describes every column.

CREATE TABLE account (
    account_id INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    product    TEXT NOT NULL CHECK (product IN ('coin-m', 'usd-m'))
) STRICT;

CREATE TABLE contract (
    contract_id      INTEGER PRIMARY KEY,
    product          TEXT NOT NULL,
    symbol           TEXT NOT NULL,
    pair             TEXT,
    margin_asset     TEXT,
    contract_type    TEXT,
    delivery_ms      INTEGER,
    contract_size_e8 INTEGER,
    source           TEXT NOT NULL CHECK (source IN ('derived', 'exchangeInfo')),
    UNIQUE (product, symbol)
) STRICT;

CREATE INDEX contract_by_symbol ON contract (symbol);

CREATE TABLE leg (
    leg_id        INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL REFERENCES account,
    contract_id   INTEGER NOT NULL REFERENCES contract,
    position_side TEXT NOT NULL,
    UNIQUE (account_id, contract_id, position_side)
) STRICT;

CREATE INDEX leg_by_contract ON leg (contract_id, position_side);

CREATE TABLE payload (
    payload_id INTEGER PRIMARY KEY,
    base_id    INTEGER REFERENCES payload,
    size       INTEGER NOT NULL CHECK (size >= 0),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    zstd       BLOB NOT NULL
) STRICT;

CREATE TABLE poll (
    poll_id         INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL REFERENCES account,
    endpoint        TEXT NOT NULL CHECK (endpoint IN ('positionRisk', 'exchangeInfo')),
    due_ms          INTEGER,
    sent_ms         INTEGER,
    received_ms     INTEGER NOT NULL,
    clock_offset_ms INTEGER,
    interval_ms     INTEGER,
    attempt         INTEGER NOT NULL CHECK (attempt >= 1),
    outcome         TEXT NOT NULL CHECK (outcome IN ('ok', 'api_error', 'rate_limited', 'banned',
                        'server_error', 'timeout', 'network_error', 'tls_error', 'unreadable')),
    http_status     INTEGER,
    api_code        INTEGER,
    detail          TEXT,
    used_weight     INTEGER,
    request         TEXT,
    row_count       INTEGER NOT NULL CHECK (row_count >= 0),
    payload_id      INTEGER REFERENCES payload,
    chain           BLOB NOT NULL CHECK (length(chain) = 32),
    UNIQUE (account_id, received_ms)
) STRICT;

-- How old what is known of the contracts is.
CREATE INDEX poll_exchange_info ON poll (received_ms) WHERE endpoint = 'exchangeInfo';

CREATE TABLE position (
    leg_id              INTEGER NOT NULL REFERENCES leg,
    update_ms           INTEGER NOT NULL,
    revision            INTEGER NOT NULL CHECK (revision >= 0),
    poll_id             INTEGER NOT NULL REFERENCES poll,
    position_amount_e8  INTEGER,
    entry_price_e8      INTEGER,
    break_even_price_e8 INTEGER,
    leverage            INTEGER,
    max_quantity_e8     INTEGER,
    margin_type         TEXT,
    auto_add_margin     INTEGER CHECK (auto_add_margin IN (0, 1)),
    isolated_wallet_e8  INTEGER,
    present             INTEGER NOT NULL CHECK (present IN (0, 1)),
    rounded             INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra               TEXT,
    PRIMARY KEY (leg_id, update_ms, revision)
) STRICT, WITHOUT ROWID;

-- A leg's rows in the order they were seen: updateTime can go back, polls cannot.
CREATE UNIQUE INDEX position_by_poll ON position (leg_id, poll_id);

CREATE TABLE valuation (
    leg_id               INTEGER NOT NULL,
    time_ms              INTEGER NOT NULL,
    update_ms            INTEGER NOT NULL,
    revision             INTEGER NOT NULL,
    mark_price_e8        INTEGER,
    unrealized_pnl_e8    INTEGER,
    liquidation_price_e8 INTEGER,
    isolated_margin_e8   INTEGER,
    notional_value_e8    INTEGER,
    rounded              INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    PRIMARY KEY (leg_id, time_ms),
    FOREIGN KEY (leg_id, update_ms, revision) REFERENCES position
) STRICT, WITHOUT ROWID;
