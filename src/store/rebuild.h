/* Reads all bytes of the archive again, those too that could not be read, and makes all rows, and
 * the nodes of the tree. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/file/database.h"

struct rebuild_watch {
    void *context; /* of the callback, which may be NULL */
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Replaces the derived rows, and what is noted of readings, in one transaction; captures and
 * payloads are not touched. Fails, changing nothing, when the bytes of a capture are not those on
 * record. *captures is how many were read. */
bool rebuild_database(const struct database *database, const struct rebuild_watch *watch,
                      int64_t *captures, struct error *error);
