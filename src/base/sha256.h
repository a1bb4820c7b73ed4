/* SHA-256 through OpenSSL EVP, with the algorithm looked up once: a lookup for each capture would
 * cost as much as hashing it. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE (SHA256_SIZE * 2 + 1)

struct sha256;

struct sha256_digest {
    unsigned char bytes[SHA256_SIZE];
};

/* NULL, with the error set, when OpenSSL has no SHA-256. The caller frees it. */
struct sha256 *sha256_new(struct error *error);
void sha256_free(struct sha256 *sha256);

/* The digest of `count` spans one after the other. */
bool sha256_of(struct sha256 *sha256, const struct span *spans, size_t count,
               struct sha256_digest *digest, struct error *error);

/* A stored digest; false when it has another size. */
bool sha256_from_bytes(struct span bytes, struct sha256_digest *digest);

/* Reads 64 hex digits of either case; false when the text is anything else. */
bool sha256_from_hex(struct span hex, struct sha256_digest *digest);

bool sha256_equal(const struct sha256_digest *a, const struct sha256_digest *b);

void sha256_hex(const struct sha256_digest *digest, char out[static SHA256_HEX_SIZE]);
