/* The captures of one time of an account, by what they say: whether one of thousands that share a
 * millisecond is recorded already is found without a look at each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/capture.h"

/* Zeroed: of no time. */
struct seen {
    int64_t account_id; /* from 1 on */
    enum endpoint endpoint;
    int64_t received_ms;
    int64_t last_capture_id;
    struct seen_capture *slots; /* an open table of `capacity`, a power of two */
    size_t count, capacity;
};

/* Makes it one of no time. */
void seen_clear(struct seen *seen);

/* Whether it is of this time. */
bool seen_is_of(const struct seen *seen, int64_t account_id, const struct capture *capture);

/* False when out of memory. */
bool seen_add(struct seen *seen, const struct sha256_digest *digest, int64_t capture_id);

/* The id of the capture with this digest; 0 when there is none. */
int64_t seen_find(const struct seen *seen, const struct sha256_digest *digest);
