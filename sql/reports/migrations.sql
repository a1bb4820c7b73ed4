-- The migrations that made this database what it is.
SELECT version,
       name,
       strftime('%Y-%m-%dT%H:%M:%fZ', applied_ms / 1000.0, 'unixepoch') AS applied,
       sha256
  FROM schema_migration
 ORDER BY version;
