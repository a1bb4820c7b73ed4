/* The chain over all captures of a database: each link is
 *
 *     SHA-256( the link before it, 32 zero bytes for the first
 *           || the canonical text of the capture (model/canonical.h)
 *           || SHA-256 of its payload's bytes, 32 zero bytes when it has none ) */
#pragma once

#include <stdbool.h>

#include "base/sha256.h"

/* Sets *next to what links a capture to `previous`, which may be the same. Of one without a payload
 * the body's digest is all zeroes. */
bool chain_next(struct sha256 *sha256, const struct sha256_digest *previous, struct span canonical,
                const struct sha256_digest *body, struct sha256_digest *next, struct error *error);
