/* One value of a result row as text. */
#pragma once

#include <sqlite3.h>

#include "base/text.h"

/* Appends the value as plain text for people: nothing for NULL, hex for a blob. */
void cell_append_text(sqlite3_stmt *statement, int column, struct text *out);

/* The same for programs: a REAL has a point whatever its value, so that who guesses a column's type
 * from its first rows does not take one of zeros for integers, and round what comes later. */
void cell_append_data(sqlite3_stmt *statement, int column, struct text *out);

/* Appends the value as JSON, a REAL with a point. Bytes of a text that are not UTF-8 become U+FFFD.
 */
void cell_append_json(sqlite3_stmt *statement, int column, struct text *out);
