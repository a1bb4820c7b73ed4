-- Each leg's hours: those that are over, and the one that runs.
CREATE VIEW hour_known AS
SELECT * FROM hour_kept
 UNION ALL
SELECT * FROM hour_running;
