-- What income is added up of, after with_range: all that is asked, days in one sum.
, earning (account, from_ms, to_ms, in_days) AS NOT MATERIALIZED (SELECT account, from_ms, to_ms, 1 FROM asked)
