-- The rows of position_timeline with what was before: what happened to each position, by the exchange's
-- times.
CREATE VIEW timeline_change AS
--include timeline_change
;
