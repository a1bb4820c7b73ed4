-- A report's rows as `report_row`, for what sums them up (--by): the report's own parts follow, which end without a
-- semicolon, then the text that sums. A sum is NULL where one of its rows has none.
WITH report_row AS MATERIALIZED (
