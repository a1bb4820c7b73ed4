/* Derives contracts, legs, positions and valuations again from the archived bytes. */
#ifndef POSREC_STORE_REBUILD_H
#define POSREC_STORE_REBUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

struct rebuild_watch {
    void *context; /* of the callback, which may be NULL */
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Replaces the derived rows in one transaction; captures and payloads are not touched. Fails,
 * changing nothing, when the bytes of a capture are not those on record. *captures is how many were
 * read. */
bool rebuild_database(const struct database *database, const struct rebuild_watch *watch,
                      int64_t *captures, struct error *error);

#endif
