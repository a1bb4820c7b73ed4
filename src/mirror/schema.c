#include "mirror/schema.h"

#include <string.h>

#include "base/embedded_file.h"

extern const struct embedded_file POSTGRESQL_MIGRATIONS[];
extern const struct embedded_file POSTGRESQL_VIEWS[];
extern const struct embedded_file POSTGRESQL_SHAPE[];

/* Any number that nobody else takes for a lock. */
#define LOCK "SELECT pg_advisory_xact_lock(5786965395300)"

#define MAKE_SCHEMA "CREATE SCHEMA IF NOT EXISTS posrec; "
#define MAKE_MIGRATIONS                                                                            \
    "CREATE TABLE IF NOT EXISTS schema_migration (version bigint NOT NULL, name text NOT NULL, "   \
    "sha256 text NOT NULL, applied_ms bigint NOT NULL)"

/* What is recorded: migrations, and under version 0 the views that were made last. */
struct state {
    int applied;
    bool views_are_current;
};

/* What ends the table of views, and has the hash of all of them. */
static const struct embedded_file *views_end(void)
{
    const struct embedded_file *file = POSTGRESQL_VIEWS;
    while (file->name != NULL) {
        file++;
    }
    return file;
}

static bool take_recorded(void *context, const struct span *columns, struct error *error)
{
    struct state *state = context;
    const struct embedded_file *file = &POSTGRESQL_MIGRATIONS[state->applied];
    if (span_is(columns[0], "0")) {
        state->views_are_current = span_is(columns[1], views_end()->sha256);
        return true;
    }
    if (file->name == NULL) {
        return error_set(error, ERROR_FAILED,
                         "the mirror's schema was made by a newer posrec (install the newer one)");
    }
    state->applied++;
    return span_is(columns[1], file->sha256) ||
           error_set(error, ERROR_FAILED,
                     "migration %d of the mirror's schema is not the one this posrec knows "
                     "(posrec.schema_migration was changed, or another build made it)",
                     state->applied);
}

static bool read_state(struct server *server, struct state *state, bool *there, struct error *error)
{
    struct maybe_int oid;
    *state = (struct state){0};
    return server_integer(server, "SELECT to_regclass('posrec.schema_migration')::oid", &oid,
                          error) &&
           (!(*there = oid.known) ||
            server_rows(server, "SELECT version, sha256 FROM posrec.schema_migration ORDER BY 1",
                        take_recorded, state, error));
}

static bool record(struct server *server, int version, const char *name, const char *sha256,
                   int64_t now_ms, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql,
                "DELETE FROM posrec.schema_migration WHERE version = %d; "
                "INSERT INTO posrec.schema_migration VALUES (%d, '%s', '%s', %lld)",
                version, version, name, sha256, (long long)now_ms);
    return server_run_text(server, &sql, error);
}

/* "pnl_history" of "20_pnl_history": the numbers say what stands on what. */
static const char *view_name(const struct embedded_file *file)
{
    return strchr(file->name, '_') + 1;
}

static bool make_views(struct server *server, struct error *error)
{
    bool done = true;
    for (const struct embedded_file *file = POSTGRESQL_VIEWS; done && file->name != NULL; file++) {
        done = server_run(server, file->text, error) ||
               error_context(error, "view %s", view_name(file));
    }
    return done;
}

static bool renew_views(struct server *server, struct error *error)
{
    struct text sql = {0};
    for (const struct embedded_file *file = views_end(); file > POSTGRESQL_VIEWS;) {
        text_printf(&sql, "DROP VIEW IF EXISTS posrec.%s; ", view_name(--file));
    }
    return server_run_text(server, &sql, error) && make_views(server, error);
}

/* Within a transaction, under the lock. */
static bool apply(struct server *server, struct state *state, int64_t now_ms, struct error *error)
{
    bool there;
    bool done = server_run(server, LOCK, error) && read_state(server, state, &there, error) &&
                (there || server_run(server, MAKE_SCHEMA MAKE_MIGRATIONS, error));
    const struct embedded_file *file = &POSTGRESQL_MIGRATIONS[state->applied];
    for (; done && file->name != NULL; file++) {
        done = (server_run(server, file->text, error) &&
                record(server, ++state->applied, file->name, file->sha256, now_ms, error)) ||
               error_context(error, "migration %s", file->name);
    }
    return done && (state->views_are_current ||
                    (renew_views(server, error) &&
                     record(server, 0, "views", views_end()->sha256, now_ms, error)));
}

bool schema_apply(struct server *server, int64_t now_ms, struct error *error)
{
    struct state state;
    bool there;
    bool done = read_state(server, &state, &there, error);
    bool is_current = done && there && state.views_are_current &&
                      POSTGRESQL_MIGRATIONS[state.applied].name == NULL;
    if (done && !is_current) {
        done = server_run(server, "BEGIN", error) && apply(server, &state, now_ms, error) &&
               server_run(server, "COMMIT", error);
    }
    return done || error_context(error, "schema posrec");
}

bool schema_distribute(struct server *server, int64_t now_ms, int64_t *count, struct error *error)
{
    static const char HAS_CITUS[] = "SELECT 1 FROM pg_extension WHERE extname = 'citus'";
    static const char DISTRIBUTE[] =
        "SELECT count(CASE c.relname WHEN 'asset_index' "
        "THEN create_reference_table('posrec.asset_index') "
        "ELSE create_distributed_table(format('posrec.%I', c.relname), 'account_id') END) FROM "
        "pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "AND a.attname = 'account_id' WHERE c.relnamespace = 'posrec'::regnamespace "
        "AND c.relkind = 'r' AND c.oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)";
    struct maybe_int found;
    if (!schema_apply(server, now_ms, error) || !server_integer(server, HAS_CITUS, &found, error)) {
        return false;
    }
    if (!found.known) {
        return error_set(error, ERROR_FAILED,
                         "this database has no extension citus (CREATE EXTENSION citus; without "
                         "it, sql/postgresql/coordinator.sql spreads recorders over servers)");
    }
    bool done = server_integer(server, DISTRIBUTE, &found, error);
    *count = found.value;
    return done;
}

/* What this program makes, as temporary tables and views. */
static bool make_model(struct server *server, struct error *error)
{
    bool done = server_run(server, "SET LOCAL search_path = pg_temp; " MAKE_MIGRATIONS, error);
    for (const struct embedded_file *file = POSTGRESQL_MIGRATIONS; done && file->name != NULL;
         file++) {
        done = server_run(server, file->text, error);
    }
    return done && make_views(server, error);
}

static bool take_difference(void *context, const struct span *columns, struct error *error)
{
    (void)context;
    return error_set(error, ERROR_FAILED, "%s is not as this posrec makes it: %s differs",
                     columns[0].data, columns[1].data);
}

bool schema_compare(struct server *server, struct error *error)
{
    const char *shape = POSTGRESQL_SHAPE[0].text;
    struct text model = {0}, compare = {0};
    text_printf(&model, "CREATE TABLE pg_temp.model AS %s", shape);
    /* posrec before pg_temp: both are named without their schema. */
    text_printf(&compare,
                "SET LOCAL search_path = posrec, pg_temp; CREATE TABLE pg_temp.made AS %s", shape);
    bool same = make_model(server, error) && server_run_text(server, &model, error) &&
                server_run_text(server, &compare, error) &&
                server_rows(server,
                            "SELECT relation, part FROM ((TABLE pg_temp.model EXCEPT TABLE "
                            "pg_temp.made) UNION (TABLE pg_temp.made EXCEPT TABLE pg_temp.model)) "
                            "AS d WHERE relation IN (SELECT relation FROM pg_temp.model) "
                            "ORDER BY relation, part <> 'its kind', part LIMIT 1",
                            take_difference, NULL, error);
    text_free(&model);
    text_free(&compare);
    return same;
}
