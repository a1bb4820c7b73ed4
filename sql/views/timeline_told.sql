-- The rows of position_timeline without when they were first seen, which the captures know: what goes through all of a
-- leg's rows to find what was before goes through these, and looks into no capture but for what changed while the
-- updateTime stood still. capture_id told it first, other_capture_id later, where polls and stream both did.
CREATE VIEW timeline_told AS
WITH
ledger_position AS NOT MATERIALIZED (
    SELECT * FROM position
),
ledger_update AS NOT MATERIALIZED (
    SELECT * FROM position_update
)
--include timeline_told
;
