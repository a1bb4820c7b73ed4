-- What contracts were, by the captures that said so: every number is of the contract's size of its time. `contract` has
-- the last of it, and since when that holds, so that most numbers need look no further; NULL where another is of a
-- later time. The hours are summed up anew by those. The program fills all of this from what a database has when it
-- applies this migration (store/contract_terms.h, store/hours.h).

CREATE TABLE contract_term (
    contract_id      INTEGER NOT NULL REFERENCES contract (contract_id),
    capture_id       INTEGER NOT NULL REFERENCES capture (capture_id),
    from_ms          INTEGER NOT NULL,
    pair             TEXT,
    margin_asset     TEXT,
    contract_type    TEXT,
    delivery_ms      INTEGER,
    contract_size_e8 INTEGER,
    source           TEXT NOT NULL CHECK (source IN ('derived', 'exchangeInfo')),
    PRIMARY KEY (contract_id, capture_id)
) STRICT, WITHOUT ROWID;

-- The term of a time.
CREATE INDEX contract_term_by_time ON contract_term (contract_id, from_ms, capture_id);

ALTER TABLE contract ADD COLUMN capture_id INTEGER REFERENCES capture (capture_id);
ALTER TABLE contract ADD COLUMN since_ms INTEGER;

DELETE FROM leg_hour;
DELETE FROM poll_hour;
