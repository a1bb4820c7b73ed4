/* Reads the evidence of a recorder back from a mirror with bodies. */
#pragma once

#include "base/sha256.h"
#include "mirror/server.h"
#include "store/file/database.h"

struct restore_watch {
    void *context;
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Puts it into a new database, which must have its schema, in one transaction. `name`: which
 * recorder; NULL where there is only one. *head: the chain's head as it was mirrored. */
bool restore_evidence(struct server *server, const char *name, const struct database *database,
                      const struct restore_watch *watch, char head[static SHA256_HEX_SIZE],
                      struct error *error);
