#include "report/query.h"

#include <string.h>

/* How many steps of SQLite's machine between two looks at the watch: some milliseconds. */
#define STEPS_BETWEEN_LOOKS 100000

static bool reading_pragma(const char *name)
{
    static const char *const NAMES[] = {
        "application_id",   "collation_list", "database_list",   "foreign_key_check",
        "foreign_key_list", "freelist_count", "function_list",   "index_info",
        "index_list",       "index_xinfo",    "integrity_check", "page_count",
        "page_size",        "quick_check",    "schema_version",  "table_info",
        "table_list",       "table_xinfo",    "user_version",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (sqlite3_stricmp(name, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int allow_reading(void *context, int action, const char *first, const char *second,
                         const char *database, const char *trigger)
{
    (void)context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
        return reading_pragma(first) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* The user's statement; NULL with the error set when it is none, more than one, or would write. */
static sqlite3_stmt *prepare_query(const struct database *database, const char *sql,
                                   struct error *error)
{
    sqlite3_stmt *statement = NULL;
    const char *rest = "";
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, &rest);
    if (code == SQLITE_AUTH) {
        error_set(error, ERROR_FAILED,
                  "only reading is allowed: SELECT, WITH, EXPLAIN and PRAGMAs that ask "
                  "(open the file with the sqlite3 shell to change it)");
        return NULL;
    }
    if (code != SQLITE_OK) {
        error_set(error, ERROR_FAILED, "%s", sqlite3_errmsg(database->handle));
        return NULL;
    }
    if (statement == NULL) {
        error_set(error, ERROR_USAGE, "no statement in it (write: posrec sql \"SELECT ...\")");
        return NULL;
    }
    if (rest[strspn(rest, " \t\r\n;")] != '\0') {
        error_set(error, ERROR_USAGE, "one statement at a time; after the first comes: %.40s",
                  rest + strspn(rest, " \t\r\n;"));
        sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

/* Called by SQLite now and then; not 0 ends the statement. */
static int look(void *context)
{
    const struct query *query = context;
    return query->why_stop(query->context) != NULL;
}

bool query_run(const struct database *database, const struct query *query,
               enum report_format format, FILE *out, int64_t *row_count, struct error *error)
{
    sqlite3_set_authorizer(database->handle, allow_reading, NULL);
    sqlite3_stmt *statement = prepare_query(database, query->sql, error);
    if (statement == NULL) {
        return error_context(error, "sql");
    }
    sqlite3_progress_handler(database->handle, STEPS_BETWEEN_LOOKS, look, (void *)(uintptr_t)query);
    const struct render_choice all = {0};
    bool done = render_statement(database, statement, format, &all, out, row_count, error);
    sqlite3_progress_handler(database->handle, 0, NULL, NULL);
    const char *why = done ? NULL : query->why_stop(query->context);
    if (why != NULL) {
        error_set(error, ERROR_FAILED, "%s", why);
    }
    sqlite3_finalize(statement);
    return done || error_context(error, "sql");
}
