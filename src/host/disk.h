/* How much room a database takes and has left. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Bytes of the database file and its write-ahead log, and bytes left on its disk for other users
 * than root. */
bool disk_usage(const char *database_path, int64_t *used, int64_t *left, struct error *error);
