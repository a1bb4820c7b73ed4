/* The file that proves one capture to somebody who has nothing else of a database: what its leaf in
 * the tree over all captures is made of, and the path from there to a root that was noted or
 * stamped at some time. docs/proof.md specifies it for others.
 *
 * There is one way to write a proof: a file that is not, to the byte, what proof_write() makes of
 * what is read in it is refused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/merkle.h"
#include "model/canonical.h"
#include "model/seal.h"

#define PROOF_SIZE_MAX                                                                             \
    ((size_t)128 << 20) /* a body with every byte escaped as \u00xx, and more                      \
                         */

struct proof {
    struct text canonical;
    bool has_body;
    struct text body;
    int64_t count; /* of the captures under the root; the capture's index is its number less one */
    struct merkle_path path;
    struct sha256_digest root;
    bool is_stamped; /* by an authority, as this says: */
    struct sha256_digest head;
    struct text timestamp; /* what it answered (RFC 3161, TimeStampResp) */
};

void proof_free(struct proof *proof);

/* What the timestamp must be an answer to, but for the nonce; of a proof that is stamped. */
bool proof_query(const struct proof *proof, struct timestamp_query *query, struct error *error);

/* Sets the root to that which canonical text, body, count and path lead to, and reads what the text
 * says. ERROR_FAILED when there is none. */
bool proof_climb(struct proof *proof, struct sha256 *sha256, struct canonical_reading *said,
                 struct error *error);

/* Appends the file. */
bool proof_write(const struct proof *proof, struct sha256 *sha256, struct text *out,
                 struct error *error);

/* Reads a file, and what it says. ERROR_FAILED when it is not as it was written, or proves nothing:
 * its path does not lead to its root. What it says of a timestamp is its caller's to check. */
bool proof_read(struct span file, struct sha256 *sha256, struct proof *proof,
                struct canonical_reading *said, struct error *error);
