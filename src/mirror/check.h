/* Holds one table of the mirror against the file's. */
#ifndef POSREC_MIRROR_CHECK_H
#define POSREC_MIRROR_CHECK_H

#include "mirror/server.h"
#include "mirror/source.h"

/* Compares, for each account and day, the number of rows and the sum of a digest of each row: the
 * first 40 bits of the SHA-256 of its columns' texts. A value, or two that changed places, shows.
 * Sets the error to the first difference: table, account and day. */
bool check_source(const struct database *database, struct server *server, int source,
                  int64_t recorder_id, int64_t capture_id, int64_t *row_count, struct error *error);

#endif
