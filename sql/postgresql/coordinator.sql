-- One place to ask, over several PostgreSQL servers that recorders mirror into. Run once on the coordinator, a PostgreSQL
-- server of its own or one of them in another database:
--
--   psql -d all -f coordinator.sql
--   CREATE SERVER east FOREIGN DATA WRAPPER postgres_fdw
--          OPTIONS (host 'east.example.org', dbname 'positions', async_capable 'true', fetch_size '10000');
--   CREATE USER MAPPING FOR CURRENT_USER SERVER east OPTIONS (user 'reader', password_required 'false');
--   SELECT posrec.attach('east');        -- again whenever a recorder was added there
--
-- Loading goes straight into the servers. Here every table is partitioned by recorder_id, a server's tables being foreign
-- partitions: what is grouped by recorder_id (and anything else) is summed up there. Each partition knows its accounts'
-- numbers (recorder_id x 2^20 and on), so that a question of one account_id reaches one server alone. The views ask
-- the servers' own views, where joins are local.
-- Wanted in the session, or by ALTER DATABASE: enable_partitionwise_aggregate = on, enable_partitionwise_join = on.

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA IF NOT EXISTS posrec;

-- The columns of a server's relation, as a table's definition has them.
CREATE OR REPLACE FUNCTION posrec.columns_of(relation regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
      FROM pg_attribute
     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
$$;

CREATE OR REPLACE FUNCTION posrec.attach(server name) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    relation record;
    recorders bigint[];
    ranges text;
BEGIN
    PERFORM pg_advisory_xact_lock(5786965395300);
    FOR relation IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE c.relnamespace = to_regnamespace(quote_ident(server))
    LOOP
        EXECUTE format('DROP FOREIGN TABLE %I.%I', server, relation.relname);
    END LOOP;
    -- The views stand on the schema that is made anew: they are made again below, over all servers.
    FOR relation IN SELECT viewname FROM pg_views WHERE schemaname = 'posrec' LOOP
        EXECUTE format('DROP VIEW posrec.%I', relation.viewname);
    END LOOP;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', server);
    EXECUTE format('CREATE SCHEMA %I', server);
    EXECUTE format('IMPORT FOREIGN SCHEMA posrec FROM SERVER %I INTO %I', server, server);
    EXECUTE format('SELECT array_agg(recorder_id), string_agg(format(''account_id BETWEEN %%s AND %%s'','
                   ' recorder_id << 20, ((recorder_id + 1) << 20) - 1), '' OR '') FROM %I.recorder', server)
       INTO recorders, ranges;
    IF recorders IS NULL THEN
        RAISE EXCEPTION 'nothing is mirrored into % yet', server;
    END IF;
    FOR relation IN
        SELECT c.relname AS name, c.oid::regclass AS oid,
               EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'account_id') AS has_account
          FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'recorder_id'
         WHERE c.relnamespace = to_regnamespace(quote_ident(server)) AND c.relname <> 'valuation_history'
    LOOP
        IF to_regclass(format('posrec.%I', relation.name)) IS NULL THEN
            EXECUTE format('CREATE TABLE posrec.%I (%s) PARTITION BY LIST (recorder_id)', relation.name,
                           posrec.columns_of(relation.oid));
        END IF;
        EXECUTE format('CREATE FOREIGN TABLE %I.%I PARTITION OF posrec.%I %s FOR VALUES IN (%s) SERVER %I'
                       ' OPTIONS (schema_name ''posrec'', table_name %L)', server, relation.name || '_part',
                       relation.name, CASE WHEN relation.has_account THEN format('(CHECK (%s))', ranges) ELSE '' END,
                       array_to_string(recorders, ', '), server, relation.name);
    END LOOP;
    FOR relation IN
        SELECT c.relname AS name,
               string_agg(format('SELECT * FROM %I.%I', n.nspname, c.relname), ' UNION ALL ' ORDER BY n.nspname) AS query
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          JOIN pg_foreign_table AS f ON f.ftrelid = c.oid
          JOIN pg_foreign_server AS s ON s.oid = f.ftserver AND s.srvname = n.nspname
         WHERE to_regclass(format('posrec.%I', c.relname)) IS NULL AND c.relname !~ '_part$'
           AND c.relname NOT IN ('schema_migration', 'valuation_history', 'product')
         GROUP BY c.relname
    LOOP
        EXECUTE format('CREATE VIEW posrec.%I AS %s', relation.name, relation.query);
    END LOOP;
    RETURN cardinality(recorders);
END
$$;
