-- What contracts are worth, whoever holds them: marks, index prices and funding rates as they are estimated (premiumIndex),
-- and the rates at which funding was paid (fundingRate). Both are facts of the exchange's own times. What the program fills
-- it fills when it applies this migration: it writes rows with statements of all tables.

CREATE TABLE mark (
    contract_id      INTEGER NOT NULL REFERENCES contract (contract_id),
    time_ms          INTEGER NOT NULL,
    capture_id       INTEGER NOT NULL REFERENCES capture (capture_id),
    mark_price_e8    INTEGER,
    index_price_e8   INTEGER,
    funding_rate_e8  INTEGER,
    rounded          INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra            TEXT,
    PRIMARY KEY (contract_id, time_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mark_by_capture ON mark (capture_id);

CREATE TABLE funding_rate (
    contract_id     INTEGER NOT NULL REFERENCES contract (contract_id),
    time_ms         INTEGER NOT NULL,
    capture_id      INTEGER NOT NULL REFERENCES capture (capture_id),
    funding_rate_e8 INTEGER,
    mark_price_e8   INTEGER,
    rounded         INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra           TEXT,
    PRIMARY KEY (contract_id, time_ms, capture_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX funding_rate_by_capture ON funding_rate (capture_id);

DELETE FROM known_span;
DELETE FROM contract_term;
DELETE FROM leg_hour;
DELETE FROM poll_hour;
