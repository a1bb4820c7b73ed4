/* What the extension's tables share. Each is a table-valued function: a virtual table without
 * storage, whose hidden last columns are the arguments, such as position_at(at, of_account, all).
 * It reads, and is therefore SQLITE_VTAB_INNOCUOUS: views of the user's may ask it. */
#pragma once

#include <sqlite3ext.h>

#include "base/calendar.h"
#include "extension/source.h"

#define TABLE_ARGUMENTS_MAX 4

struct table_kind {
    const char *name;
    const char *declaration; /* as CREATE TABLE has it */
    int argument_column;     /* the first hidden one */
    int argument_count;
    int required_count;
    const char *usage; /* an example of a call */
};

struct table {
    sqlite3_vtab base;
    const struct table_kind *kind;
    struct source source;
    sqlite3_stmt *idle; /* a statement that no cursor uses; NULL for none */
};

/* For a sqlite3_module whose data is a struct table_kind. */
int table_connect(sqlite3 *handle, void *kind, int argc, const char *const *argv,
                  sqlite3_vtab **table, char **message);
int table_disconnect(sqlite3_vtab *table);
int table_best_index(sqlite3_vtab *table, sqlite3_index_info *info);

/* Ends a call with the error as the table's message: the code to return. */
int table_fail(struct table *table, const struct error *error);

/* What xFilter was called with: the arguments by their place, NULL where one is not given. */
void table_arguments(int index, sqlite3_value **given,
                     sqlite3_value *arguments[static TABLE_ARGUMENTS_MAX]);

/* A time: milliseconds, or a text as posrec's commands take it. ERROR_USAGE names the argument. */
bool argument_time(sqlite3_value *value, const char *name, int64_t *time_ms, struct error *error);

/* The length of a step: milliseconds, or a text such as 1h or 1mo. */
bool argument_step(sqlite3_value *value, const char *name, struct calendar_step *step,
                   struct error *error);

/* An account of the file's; NULL, for all of them, when it is not given or NULL. The text lives as
 * long as the value. */
bool argument_account(const struct source *source, sqlite3_value *value, const char **account,
                      struct error *error);

/* Binds by name; what a statement does not ask for is passed over. */
void bind_named_int(sqlite3_stmt *statement, const char *name, int64_t value);
void bind_named_text(sqlite3_stmt *statement, const char *name, const char *text);
