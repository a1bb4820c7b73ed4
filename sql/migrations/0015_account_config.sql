-- What is set of a USD-M account as a whole, by difference: whether its assets margin one another, so that its totals are in
-- USD, is one of it. What the program fills of older files it fills with this migration.

CREATE TABLE account_config (
    account_id          INTEGER NOT NULL REFERENCES account (account_id),
    time_ms             INTEGER NOT NULL,
    capture_id          INTEGER NOT NULL REFERENCES capture (capture_id),
    multi_assets_margin INTEGER CHECK (multi_assets_margin IN (0, 1)),
    dual_side_position  INTEGER CHECK (dual_side_position IN (0, 1)),
    fee_tier            INTEGER,
    can_trade           INTEGER CHECK (can_trade IN (0, 1)),
    can_deposit         INTEGER CHECK (can_deposit IN (0, 1)),
    can_withdraw        INTEGER CHECK (can_withdraw IN (0, 1)),
    rounded             INTEGER NOT NULL CHECK (rounded IN (0, 1)),
    extra               TEXT,
    PRIMARY KEY (account_id, time_ms)
) STRICT, WITHOUT ROWID;
