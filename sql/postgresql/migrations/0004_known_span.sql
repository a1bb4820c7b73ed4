-- From when to when the record can speak of something. What was mirrored before has its spans with the next batch.

CREATE TABLE known_span (
    account_id  bigint NOT NULL,
    recorder_id bigint NOT NULL,
    kind        text NOT NULL,
    symbol      text NOT NULL,
    to_ms       bigint NOT NULL,
    from_ms     bigint NOT NULL,
    capture_id  bigint NOT NULL,
    interval_ms bigint,
    PRIMARY KEY (account_id, kind, symbol, to_ms, from_ms),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);
