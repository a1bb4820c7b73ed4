-- What round trips are made of, of days that are over: to number them asks all trades that ever were. What is told later of such a
-- day takes a contract's rows away, and they are made anew. The program fills this table from what a database has when
-- it applies this migration (store/rows/trip_parts.h). The columns are those of the view trip_part.

CREATE TABLE trip_part_kept (
    leg_id          INTEGER NOT NULL REFERENCES leg (leg_id),
    trip            INTEGER NOT NULL,
    time_ms         INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    id              TEXT NOT NULL,
    number          INTEGER NOT NULL,
    is_first        INTEGER NOT NULL,
    is_last         INTEGER NOT NULL,
    before_e8       INTEGER NOT NULL,
    after_e8        INTEGER NOT NULL,
    quantity_e8     INTEGER,
    price_e8        INTEGER,
    realized_pnl_e8 INTEGER,
    commission_e8   INTEGER,
    funding_e8      INTEGER,
    PRIMARY KEY (leg_id, trip, number)
) STRICT, WITHOUT ROWID;

-- What was closed in a range, and what fell into it.
CREATE INDEX trip_part_by_time ON trip_part_kept (time_ms);

-- The income of a leg that names no trade.
CREATE INDEX income_of_leg ON income (account_id, symbol, time_ms)
    WHERE income_type IN ('FUNDING_FEE', 'DELIVERED_SETTELMENT');
