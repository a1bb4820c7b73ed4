#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

#include "base/embedded_file.h"
#include "store/evidence/tree.h"
#include "store/rows/contract_terms.h"
#include "store/rows/income_days.h"
#include "store/rows/known_spans.h"
#include "store/rows/trip_parts.h"

extern const struct embedded_file SQL_MIGRATIONS[];
extern const struct embedded_file SQL_VIEWS[];

int migrate_latest(void)
{
    int count = 0;
    while (SQL_MIGRATIONS[count].name != NULL) {
        count++;
    }
    return count;
}

/* "core" of "0001_core". */
static const char *short_name(const struct embedded_file *file)
{
    return strchr(file->name, '_') + 1;
}

bool migrate_version(const struct database *database, int64_t *version, struct error *error)
{
    return database_integer(database, "PRAGMA user_version", version, error);
}

static bool refuse_newer(const struct database *database, int64_t version, struct error *error)
{
    if (version <= migrate_latest()) {
        return true;
    }
    return error_set(error, ERROR_FAILED,
                     "%s: schema version %lld was made by a newer posrec, this one knows %d "
                     "(install the newer posrec)",
                     database->path, (long long)version, migrate_latest());
}

static bool compare_recorded(const struct database *database, sqlite3_stmt *select, int64_t version,
                             struct error *error)
{
    for (int i = 0; i < version; i++) {
        enum step step = database_step(database, select, error);
        if (step == STEP_FAILED) {
            return false;
        }
        if (step == STEP_DONE || sqlite3_column_int64(select, 0) != i + 1 ||
            !span_is(column_span(select, 1), short_name(&SQL_MIGRATIONS[i])) ||
            !span_is(column_span(select, 2), SQL_MIGRATIONS[i].sha256)) {
            return error_set(error, ERROR_FAILED,
                             "%s: migration %d is not recorded as this posrec knows it "
                             "(schema_migration was changed, or another build made it)",
                             database->path, i + 1);
        }
    }
    enum step step = database_step(database, select, error);
    if (step == STEP_ROW) {
        return error_set(error, ERROR_FAILED,
                         "%s: schema_migration lists more than user_version says", database->path);
    }
    return step == STEP_DONE;
}

bool migrate_check_recorded(const struct database *database, struct error *error)
{
    int64_t version;
    if (!migrate_version(database, &version, error) || !refuse_newer(database, version, error)) {
        return false;
    }
    if (version == 0) {
        return true;
    }
    sqlite3_stmt *select = database_prepare(
        database, "SELECT version, name, sha256 FROM schema_migration ORDER BY version", error);
    bool same = compare_recorded(database, select, version, error);
    sqlite3_finalize(select);
    return same;
}

static bool record(const struct database *database, int version, int64_t now_ms,
                   struct error *error)
{
    const struct embedded_file *file = &SQL_MIGRATIONS[version - 1];
    sqlite3_stmt *insert =
        database_prepare(database, "INSERT INTO schema_migration VALUES (?, ?, ?, ?)", error);
    bind_int(insert, 1, version);
    bind_span(insert, 2, span_of(short_name(file)));
    bind_span(insert, 3, span_of(file->sha256));
    bind_int(insert, 4, now_ms);
    bool done = database_write_row(database, insert, error);
    sqlite3_finalize(insert);
    return done;
}

/* PRAGMA takes no bound parameters; both numbers are this program's own. */
static bool stamp(const struct database *database, int version, struct error *error)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             DATABASE_APPLICATION_ID, version);
    return database_run(database, sql, error);
}

/* The migrations with which the program fills the tables that SQL alone cannot. */
#define VERSION_TREE 13
#define VERSION_FILLED 18

/* A migration on its way. */
struct migration {
    const struct database *database;
    int64_t now_ms;
    const struct hours_watch *watch;
};

/* Version 12 empties the tables that a later one fills; a file that was of it already has them.
 * Where nothing is recorded there is nothing to fill them with. */
static bool fill_tables(const struct migration *run, struct error *error)
{
    int64_t wanted;
    return database_integer(run->database,
                            "SELECT EXISTS (SELECT 1 FROM capture) AND NOT EXISTS (SELECT 1 FROM "
                            "contract_term) AND NOT EXISTS (SELECT 1 FROM known_span)",
                            &wanted, error) &&
           (wanted == 0 || (contract_terms_fill(run->database, error) &&
                            known_spans_fill(run->database, error))) &&
           hours_fill(run->database, wanted != 0, run->watch, error);
}

static bool fill_tree(const struct migration *run, struct error *error)
{
    const struct hours_watch *watch = run->watch;
    return tree_fill(run->database, watch != NULL ? watch->context : NULL,
                     watch != NULL ? watch->on_progress : NULL, error);
}

static bool apply_one(const struct migration *run, int version, struct error *error)
{
    const struct database *database = run->database;
    static const char MIGRATION_TABLE[] =
        "CREATE TABLE IF NOT EXISTS schema_migration ("
        "version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, "
        "applied_ms INTEGER NOT NULL) STRICT";
    if (database_run(database, MIGRATION_TABLE, error) &&
        database_run(database, SQL_MIGRATIONS[version - 1].text, error) &&
        (version != VERSION_FILLED ||
         (fill_tables(run, error) && income_days_fill(database, true, run->watch, error) &&
          trip_parts_fill(database, error))) &&
        (version != VERSION_TREE || fill_tree(run, error)) &&
        record(database, version, run->now_ms, error) && stamp(database, version, error)) {
        return true;
    }
    return error_context(error, "migration %s", SQL_MIGRATIONS[version - 1].name);
}

/* Foreign keys are off while a migration makes a table anew: nothing may be left that they refuse.
 */
static bool check_foreign_keys(const struct database *database, struct error *error)
{
    sqlite3_stmt *check = database_prepare(database, "PRAGMA foreign_key_check", error);
    enum step step = database_step(database, check, error);
    if (step == STEP_ROW) {
        error_set(error, ERROR_FAILED, "%s: a row of %s refers to one that is not there",
                  database->path, (const char *)sqlite3_column_text(check, 0));
    }
    sqlite3_finalize(check);
    return step == STEP_DONE;
}

/* Another posrec may be migrating the same file: look at the version under the write lock. */
static bool apply_next(const struct migration *run, bool *more, struct error *error)
{
    const struct database *database = run->database;
    if (!database_run(database, "BEGIN IMMEDIATE", error)) {
        return false;
    }
    int64_t version;
    bool done =
        migrate_version(database, &version, error) && refuse_newer(database, version, error);
    *more = done && version < migrate_latest();
    if (*more) {
        done = apply_one(run, (int)version + 1, error) && check_foreign_keys(database, error);
    }
    if (done && database_run(database, "COMMIT", error)) {
        return true;
    }
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* The CREATE VIEW statement as SQLite keeps it: without the comments before it and the end mark. */
static struct span view_statement(const struct embedded_file *file)
{
    struct span text = span_of(strstr(file->text, "CREATE VIEW"));
    while (text.size > 0 && strchr(" \n;", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    return text;
}

static bool view_is_current(const struct database *database, sqlite3_stmt *select,
                            const struct embedded_file *file, bool *current, struct error *error)
{
    bind_span(select, 1, span_of(file->name));
    enum step step = database_step(database, select, error);
    *current = step == STEP_ROW && span_equal(column_span(select, 0), view_statement(file));
    sqlite3_reset(select);
    return step != STEP_FAILED;
}

static bool refresh_view(const struct database *database, const struct embedded_file *file,
                         struct error *error)
{
    /* A name cannot be bound; this one comes from the program's own file list. */
    char drop[128];
    sqlite3_snprintf(sizeof drop, drop, "DROP VIEW IF EXISTS \"%w\"", file->name);
    if (database_run(database, drop, error) && database_run(database, file->text, error)) {
        return true;
    }
    return error_context(error, "view %s", file->name);
}

static bool views_are_current(const struct database *database, sqlite3_stmt *select, bool *current,
                              struct error *error)
{
    *current = true;
    for (const struct embedded_file *file = SQL_VIEWS; file->name != NULL && *current; file++) {
        if (!view_is_current(database, select, file, current, error)) {
            return false;
        }
    }
    return true;
}

static bool refresh_views(const struct database *database, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        database, "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", error);
    bool current = false;
    if (!views_are_current(database, select, &current, error)) {
        sqlite3_finalize(select);
        return false;
    }
    bool done = true;
    if (!current) {
        done = database_run(database, "BEGIN IMMEDIATE", error);
        for (const struct embedded_file *file = SQL_VIEWS; done && file->name != NULL; file++) {
            done = view_is_current(database, select, file, &current, error) &&
                   (current || refresh_view(database, file, error));
        }
        done = done && database_run(database, "COMMIT", error);
        if (!done) {
            sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
        }
    }
    sqlite3_finalize(select);
    return done;
}

/* Applies what is lacking. A pragma within a transaction would not switch foreign keys. */
static bool apply_all(const struct database *database, int64_t now_ms,
                      const struct hours_watch *watch, struct error *error)
{
    struct migration run = {database, now_ms, watch};
    bool more = true;
    bool done = database_run(database, "PRAGMA foreign_keys = OFF", error);
    database_open_schema(database, true);
    while (done && more) {
        done = apply_next(&run, &more, error);
    }
    database_open_schema(database, false);
    return done && database_run(database, "PRAGMA foreign_keys = ON", error);
}

bool migrate_make_tables(const struct database *database, struct error *error)
{
    return apply_all(database, 0, NULL, error);
}

bool migrate_apply(const struct database *database, int64_t now_ms, const struct hours_watch *watch,
                   struct error *error)
{
    int64_t version;
    return migrate_check_recorded(database, error) && migrate_version(database, &version, error) &&
           (version == migrate_latest() || apply_all(database, now_ms, watch, error)) &&
           refresh_views(database, error);
}

/* Views of another text still answer; one that is not there cannot. */
static bool check_views_exist(const struct database *database, struct error *error)
{
    struct text names = {0};
    for (const struct embedded_file *file = SQL_VIEWS; file->name != NULL; file++) {
        text_append_char(&names, file == SQL_VIEWS ? '[' : ',');
        text_append_json(&names, span_of(file->name));
    }
    text_append_char(&names, ']');
    sqlite3_stmt *select =
        database_prepare(database,
                         "SELECT value FROM json_each(?) WHERE value NOT IN "
                         "(SELECT name FROM sqlite_schema WHERE type = 'view') LIMIT 1",
                         error);
    bind_span(select, 1, text_span(&names));
    enum step step = names.failed ? STEP_FAILED : database_step(database, select, error);
    if (names.failed) {
        error_no_memory(error);
    } else if (step == STEP_ROW) {
        error_set(error, ERROR_FAILED, "%s: the view %s is missing (run 'posrec migrate')",
                  database->path, (const char *)sqlite3_column_text(select, 0));
    }
    sqlite3_finalize(select);
    text_free(&names);
    return step == STEP_DONE;
}

bool migrate_check_version(const struct database *database, struct error *error)
{
    int64_t version;
    if (!migrate_version(database, &version, error) || !refuse_newer(database, version, error)) {
        return false;
    }
    if (version < migrate_latest()) {
        return error_set(error, ERROR_FAILED,
                         "%s: schema version %lld is older than this posrec's %d "
                         "(run 'posrec migrate')",
                         database->path, (long long)version, migrate_latest());
    }
    return true;
}

bool migrate_check(const struct database *database, struct error *error)
{
    return migrate_check_version(database, error) && check_views_exist(database, error);
}
