/* Makes the proof of a capture (model/proof.h) from the database that has it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/proof.h"
#include "store/file/database.h"

/* The poll that shows the legs of an account as they stood at a time: the last that was answered by
 * then, and read. 0 when there is none. */
bool prove_find_poll(const struct database *database, struct span account, int64_t at_ms,
                     int64_t *capture_id, struct error *error);

/* Fills a zeroed proof, under the root after the first `count` captures, and what it says; 0 for
 * those of the first seal that has the capture under it, or, without one, all that there are. A
 * seal over that root is in it: with `trust` the first that leads there, which there must be,
 * without (NULL) the first, by whomever. The database should be frozen. ERROR_FAILED when there is
 * no such capture or seal, or when the capture, or the tree, is not what it should be. */
bool prove_capture(const struct database *database, int64_t capture_id, int64_t count,
                   const struct timestamp_trust *trust, struct proof *proof,
                   struct canonical_reading *said, struct error *error);
