-- What the schema that comes first in the search path says of its tables and views, a row for each part that matters to who
-- reads or writes them. Two schemas whose tables and views are made alike give the same rows. The other schemas in the path
-- may hold anything, so every operator and function here is named with the types that pg_catalog has it with. What
-- extensions do on behalf of a table (TimescaleDB's chunks and triggers) is theirs.
WITH relation AS (SELECT oid, relname, relkind, relrowsecurity, relforcerowsecurity
                    FROM pg_catalog.pg_class
                   WHERE relnamespace = current_schema()::regnamespace::oid)
SELECT relname::text COLLATE "C" AS relation, part::text COLLATE "C" AS part, what::text COLLATE "C" AS what
  FROM relation AS r
 CROSS JOIN LATERAL (
    SELECT 'its kind' AS part, relkind::text AS what WHERE relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT 'its definition', pg_get_viewdef(r.oid) WHERE relkind = 'v'
    UNION ALL
    -- A function nearer than pg_catalog's own of any type is named like it in a definition.
    SELECT 'what it stands on', d.refclassid::regclass::text || ' ' || coalesce(u.relname::text, d.refobjid::text)
      FROM pg_catalog.pg_rewrite AS w
      JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_rewrite'::regclass::oid AND d.objid = w.oid
      LEFT JOIN relation AS u ON u.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass::oid
     WHERE w.ev_class = r.oid AND r.relkind = 'v'
    UNION ALL
    SELECT 'column ' || attname::text,
           format_type(atttypid, atttypmod) || ' ' || attnotnull::text || ' ' || attidentity::text || ' '
           || attgenerated::text || ' ' || attcollation::text || ' ' || coalesce(pg_get_expr(f.adbin, f.adrelid), '')
      FROM pg_catalog.pg_attribute AS a
      LEFT JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
     WHERE a.attrelid = r.oid AND attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT 'constraint ' || conname::text, pg_get_constraintdef(oid)
      FROM pg_catalog.pg_constraint WHERE conrelid = r.oid AND contype <> 'n'
    UNION ALL
    SELECT 'row security', '' WHERE relrowsecurity OR relforcerowsecurity
    UNION ALL
    SELECT 'policy ' || polname::text, '' FROM pg_catalog.pg_policy WHERE polrelid = r.oid
    UNION ALL
    SELECT 'rule ' || rulename::text, '' FROM pg_catalog.pg_rewrite WHERE ev_class = r.oid AND rulename <> '_RETURN'
    UNION ALL
    SELECT 'trigger ' || tgname::text, ''
      FROM pg_catalog.pg_trigger
     WHERE tgrelid = r.oid AND NOT tgisinternal
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
                        WHERE classid = 'pg_proc'::regclass::oid AND objid = tgfoid AND deptype = 'e')
    UNION ALL
    SELECT 'child ' || c.relname::text, ''
      FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class AS c ON c.oid = inhrelid
     WHERE inhparent = r.oid AND (c.relkind <> 'r' OR c.relnamespace::regnamespace::text <> '_timescaledb_internal')
    UNION ALL
    SELECT 'parent', '' FROM pg_catalog.pg_inherits WHERE inhrelid = r.oid
  ) AS p
