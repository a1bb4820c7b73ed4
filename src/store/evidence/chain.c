#include "store/evidence/chain.h"

bool chain_next(struct sha256 *sha256, const struct sha256_digest *previous, struct span canonical,
                const struct sha256_digest *body, struct sha256_digest *next, struct error *error)
{
    const struct span parts[] = {
        {(const char *)previous->bytes, SHA256_SIZE},
        canonical,
        {(const char *)body->bytes, SHA256_SIZE},
    };
    return sha256_of(sha256, parts, 3, next, error);
}
