-- What is set of an account as a whole.

CREATE TABLE account_config (
    account_id          bigint NOT NULL,
    recorder_id         bigint NOT NULL,
    time_ms             bigint NOT NULL,
    capture_id          bigint NOT NULL,
    multi_assets_margin bigint,
    dual_side_position  bigint,
    fee_tier            bigint,
    can_trade           bigint,
    can_deposit         bigint,
    can_withdraw        bigint,
    rounded             bigint NOT NULL,
    extra               text,
    PRIMARY KEY (account_id, time_ms),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);

-- What an asset is worth is told once for all accounts of a recorder: its index is found by the recorder.
CREATE INDEX asset_index_by_symbol ON asset_index (recorder_id, symbol, time_ms, capture_id);
