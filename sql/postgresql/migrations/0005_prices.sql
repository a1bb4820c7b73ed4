-- What contracts are worth, and the rates at which funding was paid, with the account of the captures that told it.

CREATE TABLE mark (
    account_id       bigint NOT NULL,
    recorder_id      bigint NOT NULL,
    contract_id      bigint NOT NULL,
    time_ms          bigint NOT NULL,
    capture_id       bigint NOT NULL,
    mark_price_e8    bigint,
    index_price_e8   bigint,
    funding_rate_e8  bigint,
    rounded          bigint NOT NULL,
    extra            text,
    PRIMARY KEY (account_id, contract_id, time_ms, capture_id),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);

CREATE TABLE funding_rate (
    account_id      bigint NOT NULL,
    recorder_id     bigint NOT NULL,
    contract_id     bigint NOT NULL,
    time_ms         bigint NOT NULL,
    capture_id      bigint NOT NULL,
    funding_rate_e8 bigint,
    mark_price_e8   bigint,
    rounded         bigint NOT NULL,
    extra           text,
    PRIMARY KEY (account_id, contract_id, time_ms, capture_id),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);
