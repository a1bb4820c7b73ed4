-- What an asset is worth is told once for all accounts of a recorder: its index is found by the recorder.

CREATE INDEX asset_index_by_symbol ON asset_index (recorder_id, symbol, time_ms, capture_id);
