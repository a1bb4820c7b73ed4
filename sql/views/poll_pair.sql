-- The pairs of polls: what capture_pair says of positionRisk.
CREATE VIEW poll_pair AS
SELECT account, from_ms, to_ms, interval_ms, is_gap, missed, known_until_ms
  FROM capture_pair
 WHERE endpoint = 'positionRisk';
