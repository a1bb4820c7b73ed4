-- What an account comes to as a whole, leverage and margin type by symbol, and what assets are worth.

CREATE TABLE account_total (
    account_id                   bigint NOT NULL,
    recorder_id                  bigint NOT NULL,
    time_ms                      bigint NOT NULL,
    capture_id                   bigint NOT NULL,
    wallet_balance_e8            bigint,
    cross_wallet_balance_e8      bigint,
    unrealized_pnl_e8            bigint,
    cross_unrealized_pnl_e8      bigint,
    margin_balance_e8            bigint,
    maintenance_margin_e8        bigint,
    initial_margin_e8            bigint,
    position_initial_margin_e8   bigint,
    open_order_initial_margin_e8 bigint,
    available_balance_e8         bigint,
    max_withdraw_e8              bigint,
    rounded                      bigint NOT NULL,
    extra                        text,
    PRIMARY KEY (account_id, time_ms),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);

CREATE TABLE symbol_config (
    account_id            bigint NOT NULL,
    recorder_id           bigint NOT NULL,
    contract_id           bigint NOT NULL,
    time_ms               bigint NOT NULL,
    capture_id            bigint NOT NULL,
    leverage              bigint,
    margin_type           text,
    auto_add_margin       bigint,
    max_notional_value_e8 bigint,
    rounded               bigint NOT NULL,
    extra                 text,
    PRIMARY KEY (account_id, contract_id, time_ms),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);

CREATE TABLE asset_index (
    account_id     bigint NOT NULL,
    recorder_id    bigint NOT NULL,
    symbol         text NOT NULL,
    time_ms        bigint NOT NULL,
    capture_id     bigint NOT NULL,
    index_price_e8 bigint,
    rounded        bigint NOT NULL,
    extra          text,
    PRIMARY KEY (account_id, symbol, time_ms, capture_id),
    CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20)
);
