-- What the record can speak of: of each account from when to when, half-open, its polls, its answers of account, its
-- stream, its income, and a symbol's trades are known. Derived as all else. A span of polls, account or stream is here once
-- it is over, with the interval that it was judged by; one of income or trades whenever an answer made it longer, with
-- all that it reached then, so that of those which overlap the widest counts (view `known`). The program fills it, and
-- contract_term, and sums the hours up anew by both, when it applies this migration (store/rows/known_spans.h).

CREATE TABLE known_span (
    account_id  INTEGER NOT NULL REFERENCES account (account_id),
    kind        TEXT NOT NULL,
    symbol      TEXT NOT NULL,
    to_ms       INTEGER NOT NULL,
    from_ms     INTEGER NOT NULL CHECK (from_ms <= to_ms),
    capture_id  INTEGER NOT NULL REFERENCES capture (capture_id),
    interval_ms INTEGER,
    PRIMARY KEY (account_id, kind, symbol, to_ms, from_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_span_by_capture ON known_span (capture_id);

DELETE FROM contract_term;
DELETE FROM leg_hour;
DELETE FROM poll_hour;
