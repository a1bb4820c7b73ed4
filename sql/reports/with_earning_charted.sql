-- What income is added up of, to draw it for :account: ranges of more than two months by the day.
WITH
earning (account, from_ms, to_ms, in_days) AS NOT MATERIALIZED (
    SELECT :account, :from_ms, :to_ms, :to_ms - :from_ms > 5356800000
)
