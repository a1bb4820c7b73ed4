-- What a range of captures told, found without a scan: the mirror copies by captures. `position` has such an index,
-- and the series are found by their time, which is their capture's.
CREATE INDEX account_update_by_capture ON account_update (capture_id);
CREATE INDEX position_update_by_capture ON position_update (capture_id);
CREATE INDEX balance_update_by_capture ON balance_update (capture_id);
CREATE INDEX leverage_update_by_capture ON leverage_update (capture_id);
CREATE INDEX margin_call_by_capture ON margin_call (capture_id);
CREATE INDEX trade_by_capture ON trade (capture_id);
CREATE INDEX income_by_capture ON income (capture_id);
