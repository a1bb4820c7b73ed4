#include "report/report.h"

#include <assert.h>
#include <string.h>

#include "store/sql_file.h"

extern const struct sql_file SQL_REPORTS[];

static const char *find_report(const char *name)
{
    for (const struct sql_file *file = SQL_REPORTS; file->name != NULL; file++) {
        if (strcmp(file->name, name) == 0) {
            return file->text;
        }
    }
    return NULL;
}

static void bind_parameters(sqlite3_stmt *statement, const struct report_parameter *parameters)
{
    for (; parameters->name != NULL; parameters++) {
        int index = sqlite3_bind_parameter_index(statement, parameters->name);
        assert(index > 0);
        if (parameters->text != NULL) {
            bind_span(statement, index, span_of(parameters->text));
        } else {
            bind_maybe(statement, index, parameters->number);
        }
    }
}

/* The report's statement with its parameters; NULL with the error set on failure. */
static sqlite3_stmt *prepare_report(const struct database *database, const char *name,
                                    const struct report_parameter *parameters, struct error *error)
{
    const char *sql = find_report(name);
    assert(sql != NULL);
    sqlite3_stmt *statement = database_prepare(database, sql, error);
    if (statement == NULL) {
        error_context(error, "report %s", name);
    } else {
        bind_parameters(statement, parameters);
    }
    return statement;
}

bool report_integer(const struct database *database, const char *name,
                    const struct report_parameter *parameters, struct maybe_int *value,
                    struct error *error)
{
    sqlite3_stmt *statement = prepare_report(database, name, parameters, error);
    if (statement == NULL) {
        return false;
    }
    enum step step = database_step(database, statement, error);
    *value = step == STEP_ROW ? column_maybe(statement, 0) : (struct maybe_int){0};
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

bool report_run(const struct database *database, const char *name,
                const struct report_parameter *parameters, enum report_format format, FILE *out,
                int64_t *row_count, struct error *error)
{
    sqlite3_stmt *statement = prepare_report(database, name, parameters, error);
    if (statement == NULL) {
        return false;
    }
    bool done = render_statement(database, statement, format, out, row_count, error);
    sqlite3_finalize(statement);
    return done;
}

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

bool report_query(const struct database *database, const char *sql, enum report_format format,
                  FILE *out, int64_t *row_count, struct error *error)
{
    sqlite3_set_authorizer(database->handle, allow_reading, NULL);
    sqlite3_stmt *statement = prepare_query(database, sql, error);
    if (statement == NULL) {
        return error_context(error, "sql");
    }
    bool done = render_statement(database, statement, format, out, row_count, error);
    sqlite3_finalize(statement);
    return done || error_context(error, "sql");
}
