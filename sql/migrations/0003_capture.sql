-- One name for everything received: the table poll becomes capture, before stream messages and the
-- account's other answers join it. Its times are unique for each endpoint of an account, not over all
-- of them, but for messages of the stream (userData), which may share a millisecond.
-- Applied with foreign keys off and checked before the commit, as SQLite asks of a table that is made
-- anew.

-- These name what is no more; they are made again from this program's own text.
DROP VIEW IF EXISTS account_range;
DROP VIEW IF EXISTS coverage_daily;
DROP VIEW IF EXISTS gap;
DROP VIEW IF EXISTS poll_log;
DROP VIEW IF EXISTS position_change;
DROP VIEW IF EXISTS position_history;

CREATE TABLE capture (
    capture_id      INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL REFERENCES account,
    endpoint        TEXT NOT NULL CHECK (endpoint IN ('positionRisk', 'exchangeInfo', 'account',
                        'income', 'userTrades', 'userData')),
    due_ms          INTEGER,
    sent_ms         INTEGER,
    received_ms     INTEGER NOT NULL,
    clock_offset_ms INTEGER,
    interval_ms     INTEGER,
    attempt         INTEGER NOT NULL CHECK (attempt >= 1),
    outcome         TEXT NOT NULL CHECK (outcome IN ('ok', 'api_error', 'rate_limited', 'banned',
                        'server_error', 'timeout', 'network_error', 'tls_error', 'unreadable',
                        'opened', 'closed')),
    http_status     INTEGER,
    api_code        INTEGER,
    detail          TEXT,
    used_weight     INTEGER,
    request         TEXT,
    row_count       INTEGER NOT NULL CHECK (row_count >= 0),
    payload_id      INTEGER REFERENCES payload,
    chain           BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;

INSERT INTO capture
SELECT poll_id, account_id, endpoint, due_ms, sent_ms, received_ms, clock_offset_ms, interval_ms,
       attempt, outcome, http_status, api_code, detail, used_weight, request, row_count, payload_id,
       chain
  FROM poll
 ORDER BY poll_id;

CREATE UNIQUE INDEX capture_by_time
    ON capture (account_id, endpoint, received_ms, iif(endpoint = 'userData', capture_id, 0));

-- How old what is known of the contracts is.
CREATE INDEX capture_exchange_info ON capture (received_ms) WHERE endpoint = 'exchangeInfo';

CREATE TABLE position_new (
    leg_id              INTEGER NOT NULL REFERENCES leg,
    update_ms           INTEGER NOT NULL,
    revision            INTEGER NOT NULL CHECK (revision >= 0),
    capture_id          INTEGER NOT NULL REFERENCES capture,
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

INSERT INTO position_new
SELECT leg_id, update_ms, revision, poll_id, position_amount_e8, entry_price_e8,
       break_even_price_e8, leverage, max_quantity_e8, margin_type, auto_add_margin,
       isolated_wallet_e8, present, rounded, extra
  FROM position;

DROP TABLE position;
DROP TABLE poll;

-- Others' views may name tables and views that are gone for the moment; renaming is not to look at them.
PRAGMA legacy_alter_table = ON;
ALTER TABLE position_new RENAME TO position;
PRAGMA legacy_alter_table = OFF;

-- A leg's rows in the order they were seen: updateTime can go back, captures cannot.
CREATE UNIQUE INDEX position_by_capture ON position (leg_id, capture_id);

-- The position rows of a capture, without a search through every leg.
CREATE INDEX position_of_capture ON position (capture_id);
