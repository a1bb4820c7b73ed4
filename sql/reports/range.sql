-- From when to when the asked range has history, over all its accounts. After with_range.
SELECT min(from_ms) AS from_ms, max(to_ms) AS to_ms FROM asked;
