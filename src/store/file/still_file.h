/* A database that SQLite cannot open for reading, because it would have to make or write the files
 * beside it and may not: on a read-only medium, or in a folder of another user. As long as nobody
 * writes to it, and nothing of it stands elsewhere, it can be read as it lies. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Whether a read failed with this for want of the files beside the database. */
bool still_file_is_needed(int code);

/* Sets `uri` to what opens the connection's file as it lies; the connection may be closed then.
 * Fails, saying what to do, when the file is being written, or its newest content is in its log. */
bool still_file_uri(sqlite3 *handle, struct text *uri, struct error *error);
