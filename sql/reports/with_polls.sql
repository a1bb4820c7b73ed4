-- What samples are taken from: the polls.
, source AS NOT MATERIALIZED (SELECT * FROM poll_log),
source_pair AS NOT MATERIALIZED (SELECT * FROM poll_pair)
