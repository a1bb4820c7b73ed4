#include "store/evidence/seen.h"

#include <stdlib.h>
#include <string.h>

struct seen_capture {
    struct sha256_digest digest;
    int64_t capture_id; /* 0 where the slot is free */
};

void seen_clear(struct seen *seen)
{
    free(seen->slots);
    *seen = (struct seen){0};
}

bool seen_is_of(const struct seen *seen, int64_t account_id, const struct capture *capture)
{
    return seen->account_id == account_id && seen->endpoint == capture->endpoint &&
           seen->received_ms == capture->received_ms;
}

/* The digest's slot, or the free one where it would be; there is always one. */
static struct seen_capture *find_slot(const struct seen *seen, const struct sha256_digest *digest)
{
    size_t at;
    memcpy(&at, digest->bytes, sizeof at);
    while (at &= seen->capacity - 1,
           seen->slots[at].capture_id != 0 && !sha256_equal(&seen->slots[at].digest, digest)) {
        at++;
    }
    return &seen->slots[at];
}

bool seen_add(struct seen *seen, const struct sha256_digest *digest, int64_t capture_id)
{
    if (seen->count >= seen->capacity / 2) {
        struct seen grown = *seen;
        grown.capacity = seen->capacity > 0 ? seen->capacity * 2 : 8;
        grown.slots = calloc(grown.capacity, sizeof *grown.slots);
        if (grown.slots == NULL) {
            return false;
        }
        for (size_t i = 0; i < seen->capacity; i++) {
            if (seen->slots[i].capture_id != 0) {
                *find_slot(&grown, &seen->slots[i].digest) = seen->slots[i];
            }
        }
        free(seen->slots);
        *seen = grown;
    }
    *find_slot(seen, digest) = (struct seen_capture){*digest, capture_id};
    seen->last_capture_id = capture_id;
    seen->count++;
    return true;
}

int64_t seen_find(const struct seen *seen, const struct sha256_digest *digest)
{
    return seen->capacity > 0 ? find_slot(seen, digest)->capture_id : 0;
}
