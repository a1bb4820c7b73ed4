-- The equity curve of :account, '' for all together, and its drawdown, to draw.
SELECT time_ms, equity_e8 / 1e8 AS equity, drawdown FROM page_point WHERE account = :account AND is_new ORDER BY number;
