-- What recorders mirror (src/mirror): the tables of their files under the same names, in the schema posrec.
-- account_id is unique over recorders, recorder_id x 2^20 + the file's own, and begins every key, so that an
-- account's rows lie together and joins stay local; recorder_id stands in every table, to be partitioned by.
-- Contracts are repeated for each account for the same reason. `recorder` has no key: it is written under a lock.
-- Units as in the files: *_ms are milliseconds since 1970 UTC, *_e8 are integers at 10^8.

CREATE TABLE recorder (
    recorder_id bigint NOT NULL,
    name        text NOT NULL,
    first_chain bytea NOT NULL,
    capture_id  bigint NOT NULL,
    chain       bytea NOT NULL,
    mirrored_ms bigint NOT NULL,
    payload_id  bigint -- up to which bodies are here; NULL where they are not asked for
);

CREATE TABLE account (
    account_id  bigint NOT NULL,
    recorder_id bigint NOT NULL,
    name        text NOT NULL,
    product     text NOT NULL,
    PRIMARY KEY (account_id)
);

CREATE TABLE contract (
    account_id       bigint NOT NULL,
    recorder_id      bigint NOT NULL,
    contract_id      bigint NOT NULL,
    product          text NOT NULL,
    symbol           text NOT NULL,
    pair             text,
    margin_asset     text,
    contract_type    text,
    delivery_ms      bigint,
    contract_size_e8 bigint,
    source           text NOT NULL,
    PRIMARY KEY (account_id, contract_id)
);

CREATE TABLE leg (
    account_id    bigint NOT NULL,
    recorder_id   bigint NOT NULL,
    leg_id        bigint NOT NULL,
    contract_id   bigint NOT NULL,
    position_side text NOT NULL,
    PRIMARY KEY (account_id, leg_id)
);

CREATE TABLE capture (
    account_id      bigint NOT NULL,
    recorder_id     bigint NOT NULL,
    capture_id      bigint NOT NULL,
    endpoint        text NOT NULL,
    due_ms          bigint,
    sent_ms         bigint,
    received_ms     bigint NOT NULL,
    clock_offset_ms bigint,
    interval_ms     bigint,
    attempt         bigint NOT NULL,
    outcome         text NOT NULL,
    http_status     bigint,
    api_code        bigint,
    detail          text,
    used_weight     bigint,
    request         text,
    row_count       bigint NOT NULL,
    payload_id      bigint,
    chain           bytea NOT NULL,
    PRIMARY KEY (account_id, capture_id)
);

CREATE TABLE payload (
    account_id  bigint NOT NULL,
    recorder_id bigint NOT NULL,
    payload_id  bigint NOT NULL,
    base_id     bigint,
    size        bigint NOT NULL,
    sha256      bytea NOT NULL,
    zstd        bytea NOT NULL,
    PRIMARY KEY (account_id, payload_id)
);

CREATE TABLE position (
    account_id          bigint NOT NULL,
    recorder_id         bigint NOT NULL,
    leg_id              bigint NOT NULL,
    update_ms           bigint NOT NULL,
    revision            bigint NOT NULL,
    capture_id          bigint NOT NULL,
    position_amount_e8  bigint,
    entry_price_e8      bigint,
    break_even_price_e8 bigint,
    leverage            bigint,
    max_quantity_e8     bigint,
    margin_type         text,
    auto_add_margin     bigint,
    isolated_wallet_e8  bigint,
    present             bigint NOT NULL,
    rounded             bigint NOT NULL,
    extra               text,
    PRIMARY KEY (account_id, leg_id, update_ms, revision)
);

CREATE TABLE valuation (
    account_id           bigint NOT NULL,
    recorder_id          bigint NOT NULL,
    leg_id               bigint NOT NULL,
    time_ms              bigint NOT NULL,
    update_ms            bigint NOT NULL,
    revision             bigint NOT NULL,
    mark_price_e8        bigint,
    unrealized_pnl_e8    bigint,
    liquidation_price_e8 bigint,
    isolated_margin_e8   bigint,
    notional_value_e8    bigint,
    rounded              bigint NOT NULL,
    PRIMARY KEY (account_id, leg_id, time_ms)
);

CREATE TABLE account_update (
    account_id     bigint NOT NULL,
    recorder_id    bigint NOT NULL,
    transaction_ms bigint NOT NULL,
    capture_id     bigint NOT NULL,
    event_ms       bigint NOT NULL,
    reason         text,
    symbol         text,
    rounded        bigint NOT NULL,
    extra          text,
    PRIMARY KEY (account_id, transaction_ms, capture_id)
);

CREATE TABLE position_update (
    account_id              bigint NOT NULL,
    recorder_id             bigint NOT NULL,
    leg_id                  bigint NOT NULL,
    transaction_ms          bigint NOT NULL,
    capture_id              bigint NOT NULL,
    position_amount_e8      bigint,
    entry_price_e8          bigint,
    break_even_price_e8     bigint,
    accumulated_realized_e8 bigint,
    unrealized_pnl_e8       bigint,
    margin_type             text,
    isolated_wallet_e8      bigint,
    rounded                 bigint NOT NULL,
    extra                   text,
    PRIMARY KEY (account_id, leg_id, transaction_ms, capture_id)
);

CREATE TABLE balance_update (
    account_id              bigint NOT NULL,
    recorder_id             bigint NOT NULL,
    asset                   text NOT NULL,
    transaction_ms          bigint NOT NULL,
    capture_id              bigint NOT NULL,
    wallet_balance_e8       bigint,
    cross_wallet_balance_e8 bigint,
    balance_change_e8       bigint,
    rounded                 bigint NOT NULL,
    extra                   text,
    PRIMARY KEY (account_id, asset, transaction_ms, capture_id)
);

CREATE TABLE leverage_update (
    account_id     bigint NOT NULL,
    recorder_id    bigint NOT NULL,
    contract_id    bigint NOT NULL,
    transaction_ms bigint NOT NULL,
    capture_id     bigint NOT NULL,
    leverage       bigint,
    rounded        bigint NOT NULL,
    extra          text,
    PRIMARY KEY (account_id, contract_id, transaction_ms, capture_id)
);

CREATE TABLE margin_call (
    account_id            bigint NOT NULL,
    recorder_id           bigint NOT NULL,
    leg_id                bigint NOT NULL,
    event_ms              bigint NOT NULL,
    capture_id            bigint NOT NULL,
    position_amount_e8    bigint,
    margin_type           text,
    isolated_wallet_e8    bigint,
    mark_price_e8         bigint,
    unrealized_pnl_e8     bigint,
    maintenance_margin_e8 bigint,
    rounded               bigint NOT NULL,
    extra                 text,
    PRIMARY KEY (account_id, leg_id, event_ms, capture_id)
);

CREATE TABLE trade (
    account_id       bigint NOT NULL,
    recorder_id      bigint NOT NULL,
    leg_id           bigint NOT NULL,
    time_ms          bigint NOT NULL,
    trade_id         text NOT NULL,
    source           text NOT NULL,
    revision         bigint NOT NULL,
    capture_id       bigint NOT NULL,
    order_id         text,
    side             text,
    price_e8         bigint,
    quantity_e8      bigint,
    realized_pnl_e8  bigint,
    commission_e8    bigint,
    commission_asset text,
    maker            bigint,
    base_quantity_e8 bigint,
    execution        text,
    rounded          bigint NOT NULL,
    extra            text,
    PRIMARY KEY (account_id, leg_id, time_ms, trade_id, source, revision)
);

CREATE TABLE balance (
    account_id                   bigint NOT NULL,
    recorder_id                  bigint NOT NULL,
    asset                        text NOT NULL,
    time_ms                      bigint NOT NULL,
    capture_id                   bigint NOT NULL,
    update_ms                    bigint,
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
    PRIMARY KEY (account_id, asset, time_ms)
);

CREATE TABLE leg_margin (
    account_id                   bigint NOT NULL,
    recorder_id                  bigint NOT NULL,
    leg_id                       bigint NOT NULL,
    time_ms                      bigint NOT NULL,
    capture_id                   bigint NOT NULL,
    update_ms                    bigint,
    initial_margin_e8            bigint,
    maintenance_margin_e8        bigint,
    position_initial_margin_e8   bigint,
    open_order_initial_margin_e8 bigint,
    rounded                      bigint NOT NULL,
    extra                        text,
    PRIMARY KEY (account_id, leg_id, time_ms)
);

CREATE TABLE income (
    account_id  bigint NOT NULL,
    recorder_id bigint NOT NULL,
    time_ms     bigint NOT NULL,
    income_type text NOT NULL,
    tran_id     text NOT NULL,
    asset       text NOT NULL,
    symbol      text NOT NULL,
    revision    bigint NOT NULL,
    capture_id  bigint NOT NULL,
    income_e8   bigint,
    info        text,
    trade_id    text NOT NULL,
    rounded     bigint NOT NULL,
    extra       text,
    PRIMARY KEY (account_id, time_ms, income_type, tran_id, asset, symbol, revision)
);

CREATE TABLE leg_hour (
    account_id                    bigint NOT NULL,
    recorder_id                   bigint NOT NULL,
    leg_id                        bigint NOT NULL,
    hour_ms                       bigint NOT NULL,
    first_ms                      bigint NOT NULL,
    last_ms                       bigint NOT NULL,
    valuations                    bigint NOT NULL,
    findings                      bigint NOT NULL,
    unrealized_pnl_first_e8       bigint,
    unrealized_pnl_last_e8        bigint,
    unrealized_pnl_min_e8         bigint,
    unrealized_pnl_max_e8         bigint,
    unrealized_pnl_usd_first_e8   bigint,
    unrealized_pnl_usd_last_e8    bigint,
    unrealized_pnl_usd_min_e8     bigint,
    unrealized_pnl_usd_max_e8     bigint,
    isolated_margin_first_e8      bigint,
    isolated_margin_last_e8       bigint,
    isolated_margin_min_e8        bigint,
    isolated_margin_max_e8        bigint,
    initial_margin_first_e8       bigint,
    initial_margin_last_e8        bigint,
    initial_margin_min_e8         bigint,
    initial_margin_max_e8         bigint,
    liquidation_distance_first_e8 bigint,
    liquidation_distance_last_e8  bigint,
    liquidation_distance_min_e8   bigint,
    liquidation_distance_max_e8   bigint,
    PRIMARY KEY (account_id, leg_id, hour_ms)
);

CREATE TABLE poll_hour (
    account_id  bigint NOT NULL,
    recorder_id bigint NOT NULL,
    hour_ms     bigint NOT NULL,
    ok          bigint NOT NULL,
    failed      bigint NOT NULL,
    gaps        bigint NOT NULL,
    PRIMARY KEY (account_id, hour_ms)
);

CREATE INDEX capture_by_time ON capture (account_id, endpoint, received_ms);
CREATE INDEX position_by_capture ON position (account_id, leg_id, capture_id);
CREATE INDEX trade_by_id ON trade (account_id, leg_id, trade_id);
