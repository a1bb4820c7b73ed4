/* The chain over all captures of a database: each link is
 *
 *     SHA-256( the link before it, 32 zero bytes for the first
 *           || the canonical text of the capture
 *           || SHA-256 of its payload's bytes, 32 zero bytes when it has none )
 *
 * The canonical text is a row of netstrings (`LENGTH:BYTES,`; NULL is `-,`): the mark
 * "posrec-poll-1", capture_id, account name, product, endpoint, due_ms, sent_ms, received_ms,
 * clock_offset_ms, interval_ms, attempt, outcome, http_status, api_code, detail, used_weight,
 * request, row_count. Integers are written in decimal. docs/schema.md specifies it for others. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/capture.h"

/* What the canonical text says of a capture besides its capture. */
struct chain_link {
    int64_t capture_id;
    const char *product;
    int64_t row_count;
    const struct capture *capture;
    const struct sha256_digest *body_sha256; /* NULL when there is no payload */
};

/* Sets *next to what links `link` to `previous`, which may be the same. `scratch` is reused between
 * calls. */
bool chain_next(struct sha256 *sha256, const struct sha256_digest *previous,
                const struct chain_link *link, struct text *scratch, struct sha256_digest *next,
                struct error *error);
