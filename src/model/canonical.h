/* The canonical text of a capture, which the chain and the tree over all captures bind: a row of
 * netstrings (`LENGTH:BYTES,`; NULL is `-,`): the mark "posrec-poll-1", capture_id, account name,
 * product, endpoint, due_ms, sent_ms, received_ms, clock_offset_ms, interval_ms, attempt, outcome,
 * http_status, api_code, detail, used_weight, request, row_count. Integers are written in decimal.
 * docs/schema.md specifies it for others. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/capture.h"

/* What it says besides the capture, whose body it does not say. */
struct canonical {
    int64_t capture_id;
    const char *product;
    int64_t row_count;
    const struct capture *capture;
};

/* Makes `out` the text. */
bool canonical_write(const struct canonical *canonical, struct text *out, struct error *error);

/* What a text says; starts zeroed. */
struct canonical_reading {
    int64_t capture_id;
    struct text product;
    int64_t row_count;
    struct capture capture; /* without a body */
};

void canonical_reading_free(struct canonical_reading *reading);

/* Reads a text into a reading that may hold another. False, with ERROR_FAILED, for all that
 * canonical_write() would not write, to the byte. */
bool canonical_read(struct span text, struct canonical_reading *reading, struct error *error);
