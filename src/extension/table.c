#include "extension/table.h"

#include <math.h>
#include <string.h>

#include "base/time_text.h"
#include "host/clock.h"

SQLITE_EXTENSION_INIT3

int table_connect(sqlite3 *handle, void *kind, int argc, const char *const *argv,
                  sqlite3_vtab **made, char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    const struct table_kind *table_kind = kind;
    struct table *table = sqlite3_malloc64(sizeof *table);
    if (table == NULL) {
        return SQLITE_NOMEM;
    }
    *table = (struct table){.kind = table_kind, .source.handle = handle};
    int code = sqlite3_declare_vtab(handle, table_kind->declaration);
    if (code != SQLITE_OK) {
        sqlite3_free(table);
        return code;
    }
    sqlite3_vtab_config(handle, SQLITE_VTAB_INNOCUOUS);
    *made = &table->base;
    return SQLITE_OK;
}

int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    sqlite3_finalize(table->idle);
    sqlite3_free(table);
    return SQLITE_OK;
}

int table_fail(struct table *table, const struct error *error)
{
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf("%s: %s", table->kind->name, error->text);
    if (error->kind == ERROR_NO_MEMORY) {
        return SQLITE_NOMEM;
    }
    int code = error->kind == ERROR_FAILED ? sqlite3_errcode(table->source.handle) : SQLITE_ERROR;
    return code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_ERROR : code;
}

/* The bits of the plan's number are the arguments that are given, in whose order they come. */
int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct table *table = (struct table *)base;
    const struct table_kind *kind = table->kind;
    int places[TABLE_ARGUMENTS_MAX];
    memset(places, -1, sizeof places);
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - kind->argument_column;
        if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) {
            continue;
        }
        if (!info->aConstraint[i].usable) {
            return SQLITE_CONSTRAINT;
        }
        places[argument] = places[argument] < 0 ? i : places[argument];
    }
    int index = 0, count = 0;
    for (int i = 0; i < kind->argument_count; i++) {
        if (places[i] >= 0) {
            info->aConstraintUsage[places[i]].argvIndex = ++count;
            info->aConstraintUsage[places[i]].omit = 1;
            index |= 1 << i;
        } else if (i < kind->required_count) {
            struct error error = {0};
            error_set(&error, ERROR_USAGE, "%d arguments are needed; write %s",
                      kind->required_count, kind->usage);
            return table_fail(table, &error);
        }
    }
    info->idxNum = index;
    info->estimatedCost = 1000;
    info->estimatedRows = 100;
    return SQLITE_OK;
}

void table_arguments(int index, sqlite3_value **given,
                     sqlite3_value *arguments[static TABLE_ARGUMENTS_MAX])
{
    for (int i = 0; i < TABLE_ARGUMENTS_MAX; i++) {
        arguments[i] = (index & 1 << i) != 0 ? *given++ : NULL;
    }
}

/* The value as a C string; NULL when it is none. */
static const char *plain_text(sqlite3_value *value)
{
    int type = value == NULL ? SQLITE_NULL : sqlite3_value_type(value);
    const char *text = NULL;
    if (type == SQLITE_TEXT || type == SQLITE_INTEGER) {
        text = (const char *)sqlite3_value_text(value);
    }
    return text != NULL && strlen(text) == (size_t)sqlite3_value_bytes(value) ? text : NULL;
}

bool argument_time(sqlite3_value *value, const char *name, int64_t *time_ms, struct error *error)
{
    if (value != NULL && sqlite3_value_type(value) == SQLITE_FLOAT) {
        double number = floor(sqlite3_value_double(value));
        char digits[TIME_TEXT_SIZE];
        if (number >= (double)TIME_MS_MIN && number <= (double)TIME_MS_MAX) {
            sqlite3_snprintf(sizeof digits, digits, "%lld", (long long)number);
            return time_text_parse(digits, 0, time_ms, error) || error_context(error, "%s", name);
        }
    }
    const char *text = plain_text(value);
    if (text == NULL) {
        return error_set(error, ERROR_USAGE,
                         "%s: this is no time; write milliseconds or '2026-11-01T00:00:00Z'", name);
    }
    return time_text_parse(text, clock_wall_ms(), time_ms, error) ||
           error_context(error, "%s", name);
}

bool argument_step(sqlite3_value *value, const char *name, struct calendar_step *step,
                   struct error *error)
{
    *step = (struct calendar_step){0};
    if (value != NULL && sqlite3_value_type(value) == SQLITE_INTEGER) {
        step->ms = sqlite3_value_int64(value);
        return step->ms > 0 ||
               error_set(error, ERROR_USAGE, "%s: a step is longer than 0 ms", name);
    }
    const char *text = plain_text(value);
    if (text == NULL) {
        return error_set(error, ERROR_USAGE,
                         "%s: this is no step; write milliseconds or '10s', '1h', '1d', '1mo'",
                         name);
    }
    return step_parse(text, step, error) || error_context(error, "%s", name);
}

bool argument_account(const struct source *source, sqlite3_value *value, const char **account,
                      struct error *error)
{
    *account = NULL;
    if (value == NULL || sqlite3_value_type(value) == SQLITE_NULL) {
        return true;
    }
    *account = plain_text(value);
    if (*account == NULL) {
        return error_set(error, ERROR_USAGE, "account: this is no name of one");
    }
    return source_check_account(source, *account, error);
}

void bind_named_int(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    if (index > 0) {
        sqlite3_bind_int64(statement, index, value);
    }
}

void bind_named_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    if (index > 0) {
        sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
    }
}
