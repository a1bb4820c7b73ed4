/* The file that an SQL function of the extension asks: posrec's database as the connection's main
 * one. Its schema is not trusted. Statements are composed of this program's texts and read tables
 * alone, which are checked to be plain ones with nothing computed in them, and hidden by nothing of
 * the same name; so no view, trigger or expression of the file ever runs. */
#pragma once

#include <sqlite3ext.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Begins with zeros. */
struct source {
    sqlite3 *handle;
    bool is_checked;
    int64_t schema_version; /* SQLite's own, of the schema whose tables were found to be right */
};

/* A statement: views of sql/views, then texts of sql/extension and sql/reports, all by name. Each
 * list ends with NULL. */
struct source_question {
    const char *const *views;
    const char *const *parts;
};

/* Fails, saying what to do, where main is no database of posrec's, or of another version than this
 * one, or where its tables are not what they must be. To be called before each reading: between two
 * of them everything can have changed. */
bool source_check(struct source *source, struct error *error);

/* NULL with the error set on failure. Finalize with sqlite3_finalize(). */
sqlite3_stmt *source_prepare(const struct source *source, const struct source_question *question,
                             struct error *error);

/* Refuses the name of an account that is not in the file, and names those that are. */
bool source_check_account(const struct source *source, const char *account, struct error *error);

/* ERROR_FAILED with what SQLite says of its last call. Always returns false. */
bool source_error(const struct source *source, struct error *error);
