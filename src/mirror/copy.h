/* Rows of the file on their way to a server, as lines of COPY's text format. */
#pragma once

#include "mirror/server.h"
#include "mirror/source.h"

/* Appends a value as `column::text` there writes it: bytes are \x and hex digits, NULL is nothing.
 * `escaped`: as COPY reads it, where NULL is \N. False for a text with a NUL (COPY_HAS_NUL). */
bool copy_append_value(struct text *line, sqlite3_value *value, bool escaped);
#define COPY_HAS_NUL                                                                               \
    "a text has a NUL, which PostgreSQL cannot hold and posrec does not record ('posrec verify' "  \
    "says what was changed)"

struct copy {
    struct source source;
    sqlite3_stmt *select;
};

bool copy_open(const struct database *database, int source, struct copy *copy, struct error *error);
void copy_close(struct copy *copy);

/* Copies what the select gives, whose parameters are bound. *row_count grows by the rows. */
bool copy_rows(const struct copy *copy, const struct database *database, struct server *server,
               int64_t recorder_id, int64_t *row_count, struct error *error);
