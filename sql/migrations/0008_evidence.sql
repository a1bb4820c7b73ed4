-- What no recorder ever writes is refused by the tables of evidence themselves: ids below 1, an empty text where
-- NULL says that there is nothing, a body whose base comes after it. Which endpoints and outcomes there are is the
-- program's to know, so that a new one is no copy of the table.
-- The constraints change nothing of what is stored, so the tables stay as they are and only their texts change, as
-- SQLite describes it ("ALTER TABLE", "Making Other Kinds Of Table Schema Changes").

PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = 'CREATE TABLE account (
    account_id INTEGER PRIMARY KEY CHECK (account_id BETWEEN 1 AND 1048575),
    name       TEXT NOT NULL UNIQUE CHECK (name <> ''''),
    product    TEXT NOT NULL CHECK (product IN (''coin-m'', ''usd-m''))
) STRICT'
 WHERE type = 'table' AND name = 'account';

UPDATE sqlite_schema SET sql = 'CREATE TABLE payload (
    payload_id INTEGER PRIMARY KEY CHECK (payload_id >= 1),
    base_id    INTEGER REFERENCES payload CHECK (base_id < payload_id),
    size       INTEGER NOT NULL CHECK (size >= 0),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    zstd       BLOB NOT NULL
) STRICT'
 WHERE type = 'table' AND name = 'payload';

UPDATE sqlite_schema SET sql = 'CREATE TABLE capture (
    capture_id      INTEGER PRIMARY KEY CHECK (capture_id >= 1),
    account_id      INTEGER NOT NULL REFERENCES account,
    endpoint        TEXT NOT NULL,
    due_ms          INTEGER,
    sent_ms         INTEGER,
    received_ms     INTEGER NOT NULL,
    clock_offset_ms INTEGER,
    interval_ms     INTEGER,
    attempt         INTEGER NOT NULL CHECK (attempt >= 1),
    outcome         TEXT NOT NULL,
    http_status     INTEGER,
    api_code        INTEGER,
    detail          TEXT CHECK (detail <> ''''),
    used_weight     INTEGER,
    request         TEXT CHECK (request <> ''''),
    row_count       INTEGER NOT NULL CHECK (row_count >= 0),
    payload_id      INTEGER REFERENCES payload,
    chain           BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT'
 WHERE type = 'table' AND name = 'capture';

PRAGMA writable_schema = RESET;

-- What is no contract of the product's has no USD: in hours that were summed up before that neither.
UPDATE leg_hour
   SET unrealized_pnl_usd_first_e8 = NULL,
       unrealized_pnl_usd_last_e8 = NULL,
       unrealized_pnl_usd_min_e8 = NULL,
       unrealized_pnl_usd_max_e8 = NULL
 WHERE leg_id IN (SELECT l.leg_id FROM leg AS l JOIN contract AS c USING (contract_id) WHERE c.contract_size_e8 IS NULL);
