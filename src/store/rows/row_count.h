/* How many rows tables hold: all of them, or those that captures from one on made. */
#pragma once

#include <stdint.h>

#include "model/row_kinds.h"
#include "store/file/database.h"

bool row_count_all(const struct database *database, const char *table, int64_t *count,
                   struct error *error);

/* A kind's rows that captures from `from_capture_id` on made. Of kinds without an index that says
 * so, those later than what the account's last poll (or answer of `account`) before made. Takes as
 * long as what is counted. */
bool row_count_from(const struct database *database, const struct row_kind *kind,
                    int64_t from_capture_id, int64_t *count, struct error *error);
