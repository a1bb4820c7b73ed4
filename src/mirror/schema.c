#include "mirror/schema.h"

#include <string.h>

#include "base/embedded_file.h"
#include "base/sha256.h"

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
    struct sha256 *sha256;
    int applied;
    bool views_are_current;
};

static bool checksum(struct sha256 *sha256, const struct embedded_file *file, size_t count,
                     char hex[static SHA256_HEX_SIZE], struct error *error)
{
    struct span texts[32];
    struct sha256_digest digest;
    for (size_t i = 0; i < count; i++) {
        texts[i] = span_of(file[i].text);
    }
    if (!sha256_of(sha256, texts, count, &digest, error)) {
        return false;
    }
    sha256_hex(&digest, hex);
    return true;
}

static size_t count_files(const struct embedded_file *files)
{
    size_t count = 0;
    while (files[count].name != NULL) {
        count++;
    }
    return count;
}

static bool take_recorded(void *context, const struct span *columns, int count, struct error *error)
{
    struct state *state = context;
    char hex[SHA256_HEX_SIZE];
    (void)count;
    if (span_is(columns[0], "0")) {
        if (!checksum(state->sha256, POSTGRESQL_VIEWS, count_files(POSTGRESQL_VIEWS), hex, error)) {
            return false;
        }
        state->views_are_current = span_is(columns[1], hex);
        return true;
    }
    if (POSTGRESQL_MIGRATIONS[state->applied].name == NULL) {
        return error_set(error, ERROR_FAILED,
                         "the mirror's schema was made by a newer posrec (install the newer one)");
    }
    if (!checksum(state->sha256, &POSTGRESQL_MIGRATIONS[state->applied], 1, hex, error)) {
        return false;
    }
    if (!span_is(columns[1], hex)) {
        return error_set(error, ERROR_FAILED,
                         "migration %d of the mirror's schema is not the one this posrec knows "
                         "(posrec.schema_migration was changed, or another build made it)",
                         state->applied + 1);
    }
    state->applied++;
    return true;
}

static bool read_state(struct server *server, struct state *state, bool *there, struct error *error)
{
    int64_t oid;
    state->applied = 0;
    state->views_are_current = false;
    return server_integer(server, "SELECT to_regclass('posrec.schema_migration')::oid", &oid, there,
                          error) &&
           (!*there ||
            server_rows(server, "SELECT version, sha256 FROM posrec.schema_migration ORDER BY 1",
                        take_recorded, state, error));
}

static bool record(struct server *server, const struct state *state, int version,
                   const struct embedded_file *files, size_t count, int64_t now_ms,
                   struct error *error)
{
    char hex[SHA256_HEX_SIZE];
    struct text sql = {0};
    if (!checksum(state->sha256, files, count, hex, error)) {
        return false;
    }
    text_printf(&sql,
                "DELETE FROM posrec.schema_migration WHERE version = %d; "
                "INSERT INTO posrec.schema_migration VALUES (%d, '%s', '%s', %lld)",
                version, version, version == 0 ? "views" : files->name, hex, (long long)now_ms);
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
    size_t count = count_files(POSTGRESQL_VIEWS);
    struct text sql = {0};
    for (size_t i = count; i-- > 0;) {
        text_printf(&sql, "DROP VIEW IF EXISTS posrec.%s; ", view_name(&POSTGRESQL_VIEWS[i]));
    }
    return server_run_text(server, &sql, error) && make_views(server, error);
}

static bool is_current(const struct state *state)
{
    return POSTGRESQL_MIGRATIONS[state->applied].name == NULL && state->views_are_current;
}

/* Within a transaction, under the lock. */
static bool apply(struct server *server, struct state *state, int64_t now_ms, struct error *error)
{
    bool there;
    bool done = server_run(server, LOCK, error) && read_state(server, state, &there, error) &&
                (there || server_run(server, MAKE_SCHEMA MAKE_MIGRATIONS, error));
    for (const struct embedded_file *file; done; state->applied++) {
        file = &POSTGRESQL_MIGRATIONS[state->applied];
        if (file->name == NULL) {
            break;
        }
        done = (server_run(server, file->text, error) &&
                record(server, state, state->applied + 1, file, 1, now_ms, error)) ||
               error_context(error, "migration %s", file->name);
    }
    return done &&
           (state->views_are_current ||
            (renew_views(server, error) && record(server, state, 0, POSTGRESQL_VIEWS,
                                                  count_files(POSTGRESQL_VIEWS), now_ms, error)));
}

bool schema_apply(struct server *server, int64_t now_ms, struct error *error)
{
    struct state state = {.sha256 = sha256_new(error)};
    bool there;
    bool done = state.sha256 != NULL && read_state(server, &state, &there, error);
    if (done && (!there || !is_current(&state))) {
        struct error ignored = {0};
        done = server_run(server, "BEGIN", error) && apply(server, &state, now_ms, error) &&
               server_run(server, "COMMIT", error);
        if (!done) {
            server_run(server, "ROLLBACK", &ignored);
        }
    }
    sha256_free(state.sha256);
    return done || error_context(error, "schema posrec");
}

bool schema_distribute(struct server *server, int64_t now_ms, int64_t *count, struct error *error)
{
    static const char HAS_CITUS[] = "SELECT 1 FROM pg_extension WHERE extname = 'citus'";
    static const char DISTRIBUTE[] =
        "SELECT count(create_distributed_table(format('posrec.%I', c.relname), 'account_id')) "
        "FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
        "AND a.attname = 'account_id' WHERE c.relnamespace = 'posrec'::regnamespace "
        "AND c.relkind = 'r' AND c.oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)";
    bool known;
    if (!schema_apply(server, now_ms, error) ||
        !server_integer(server, HAS_CITUS, count, &known, error)) {
        return false;
    }
    if (!known) {
        return error_set(error, ERROR_FAILED,
                         "this database has no extension citus (CREATE EXTENSION citus; without "
                         "it, sql/postgresql/coordinator.sql spreads recorders over servers)");
    }
    return server_integer(server, DISTRIBUTE, count, &known, error);
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

static bool take_difference(void *context, const struct span *columns, int count,
                            struct error *error)
{
    (void)context;
    (void)count;
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
