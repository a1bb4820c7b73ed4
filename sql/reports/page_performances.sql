-- The rows of page_performance, which is kept of performance.
SELECT * FROM page_performance;
