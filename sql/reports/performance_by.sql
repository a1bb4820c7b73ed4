-- The row of performance that is of all accounts together, or of the only one. After the parts of performance.
)
SELECT * FROM report_row WHERE :by = 'total' AND account = (SELECT min(account) FROM report_row)
