-- The position rows of a poll, without a search through every leg: for what a poll changed, and for
-- the changes of a span of time.
CREATE INDEX position_of_poll ON position (poll_id);
