-- What contracts were, and since when: each as it is now, until the next batch brings all of them.

CREATE TABLE contract_term (
    account_id       bigint NOT NULL,
    recorder_id      bigint NOT NULL,
    contract_id      bigint NOT NULL,
    capture_id       bigint NOT NULL,
    from_ms          bigint NOT NULL,
    pair             text,
    margin_asset     text,
    contract_type    text,
    delivery_ms      bigint,
    contract_size_e8 bigint,
    source           text NOT NULL,
    PRIMARY KEY (account_id, contract_id, capture_id),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);

INSERT INTO contract_term
SELECT account_id, recorder_id, contract_id, 0, 0, pair, margin_asset, contract_type, delivery_ms, contract_size_e8, source
  FROM contract;
