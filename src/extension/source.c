#include "extension/source.h"

#include <string.h>

#include "base/embedded_file.h"
#include "base/names.h"
#include "base/text.h"
#include "store/file/view_text.h"

SQLITE_EXTENSION_INIT3

extern const struct embedded_file SQL_VIEWS[];
extern const struct embedded_file SQL_EXTENSION[];

#define APPLICATION_ID 0x506f7352 /* "PosR" in the file's header */
#define SCHEMA_VERSION POSREC_SCHEMA_VERSION

/* Every table that a statement reads. */
#define TABLES                                                                                     \
    "'account','contract','contract_term','leg','position','valuation','balance','leg_margin',"    \
    "'capture','reading','known_span','mark','symbol_config','asset_index'"
#define TABLE_COUNT 14

#define XINFO_HIDDEN 6 /* the column of PRAGMA table_xinfo */

bool source_error(const struct source *source, struct error *error)
{
    return error_set(error, ERROR_FAILED, "%s", sqlite3_errmsg(source->handle));
}

/* The first column of the first row, or `value` as it was where there is no row. */
static bool ask_integer(const struct source *source, const char *sql, int64_t *value,
                        struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(source->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int64(statement, 0);
    }
    bool done = code == SQLITE_ROW || code == SQLITE_DONE || source_error(source, error);
    sqlite3_finalize(statement);
    return done;
}

static bool check_version(const struct source *source, struct error *error)
{
    int64_t application_id = 0, version = 0;
    if (!ask_integer(source, "PRAGMA main.application_id", &application_id, error) ||
        !ask_integer(source, "PRAGMA main.user_version", &version, error)) {
        return false;
    }
    if (application_id != APPLICATION_ID) {
        return error_set(error, ERROR_USAGE,
                         "the main database is none of posrec's (open posrec's file itself)");
    }
    return version == SCHEMA_VERSION ||
           error_set(error, ERROR_USAGE,
                     "the file has schema version %lld, and this extension reads version %d (%s)",
                     (long long)version, SCHEMA_VERSION,
                     version < SCHEMA_VERSION ? "'posrec migrate' brings it up to date"
                                              : "install the posrec that wrote it");
}

/* A temporary table or view would be taken for the file's. */
static bool check_hidden(const struct source *source, struct error *error)
{
    int64_t hidden = 0;
    return ask_integer(source,
                       "SELECT count(*) FROM temp.sqlite_schema WHERE type IN ('table','view') "
                       "AND lower(name) IN (" TABLES ")",
                       &hidden, error) &&
           (hidden == 0 ||
            error_set(error, ERROR_USAGE,
                      "a temporary table or view has the name of one of the file's tables: drop "
                      "it, or give it another name"));
}

/* Whether no column of the table is computed. */
static bool check_columns(const struct source *source, const char *name, bool *plain,
                          struct error *error)
{
    char *sql = sqlite3_mprintf("PRAGMA main.table_xinfo(%Q)", name);
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_NOMEM;
    if (sql != NULL && sqlite3_prepare_v2(source->handle, sql, -1, &statement, NULL) == SQLITE_OK) {
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            *plain = *plain && sqlite3_column_int(statement, XINFO_HIDDEN) == 0;
        }
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return code == SQLITE_DONE || source_error(source, error);
}

/* Neither a view nor a virtual table, which has no pages, and no column that is computed. */
static bool check_tables(const struct source *source, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(source->handle,
                                  "SELECT name FROM main.sqlite_schema WHERE type = 'table' "
                                  "AND rootpage > 0 AND name IN (" TABLES ")",
                                  -1, &statement, NULL);
    int count = 0;
    bool plain = true, done = code == SQLITE_OK || source_error(source, error);
    while (done && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        done =
            check_columns(source, (const char *)sqlite3_column_text(statement, 0), &plain, error);
        count++;
    }
    if (done && code != SQLITE_DONE) {
        done = source_error(source, error);
    }
    sqlite3_finalize(statement);
    return done && ((plain && count == TABLE_COUNT) ||
                    error_set(error, ERROR_USAGE,
                              "the file's tables are not as posrec makes them ('posrec verify' "
                              "says more)"));
}

bool source_check(struct source *source, struct error *error)
{
    int64_t schema_version = 0;
    if (!check_version(source, error) || !check_hidden(source, error) ||
        !ask_integer(source, "PRAGMA main.schema_version", &schema_version, error)) {
        return false;
    }
    if (!source->is_checked || source->schema_version != schema_version) {
        source->is_checked = check_tables(source, error);
        source->schema_version = schema_version;
    }
    return source->is_checked;
}

/* A text that begins a list of parts of its own with WITH goes on with the list there is. */
static void append_part(const char *text, struct text *sql)
{
    static const char BEGIN[] = "\nWITH ";
    const char *with = strstr(text, BEGIN);
    if (with == NULL) {
        text_append_string(sql, text);
    } else {
        text_append_string(sql, ", ");
        text_append_string(sql, with + strlen(BEGIN));
    }
}

sqlite3_stmt *source_prepare(const struct source *source, const struct source_question *question,
                             struct error *error)
{
    struct text sql = {0};
    sqlite3_stmt *statement = NULL;
    for (const char *const *view = question->views; *view != NULL; view++) {
        text_append_string(&sql, view == question->views ? "WITH " : ", ");
        view_text_append(SQL_VIEWS, *view, &sql);
    }
    text_append_char(&sql, '\n');
    for (const char *const *part = question->parts; *part != NULL; part++) {
        append_part(embedded_file_text(SQL_EXTENSION, *part), &sql);
    }
    if (sql.failed) {
        error_no_memory(error);
    } else if (sqlite3_prepare_v3(source->handle, text_string(&sql), -1, SQLITE_PREPARE_PERSISTENT,
                                  &statement, NULL) != SQLITE_OK) {
        source_error(source, error);
    }
    text_free(&sql);
    return statement;
}

bool source_check_account(const struct source *source, const char *account, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    struct names names = {.wanted = account};
    bool found = false;
    int code = sqlite3_prepare_v2(
        source->handle, "SELECT name FROM main.account ORDER BY account_id", -1, &statement, NULL);
    while (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        found = found || (name != NULL && strcmp(name, account) == 0);
        names_add(&names, name != NULL ? name : "");
    }
    bool done = code == SQLITE_OK && sqlite3_reset(statement) == SQLITE_OK;
    if (!done) {
        source_error(source, error);
    } else if (!found && names.count > 0) {
        done = error_set(error, ERROR_USAGE, "account %s: not recorded here (there is: %s)",
                         account, names_string(&names));
    }
    sqlite3_finalize(statement);
    names_free(&names);
    return done;
}
