-- The captures of positionRisk: every poll and what became of it.
CREATE VIEW poll_log AS
SELECT * FROM capture_log WHERE endpoint = 'positionRisk';
