/* A seal: a timestamp (RFC 3161) over what a database's evidence comes to. What is stamped is the
 * SHA-256 of the text
 *
 *     posrec seal 1
 *     count COUNT
 *     head HEX
 *     root HEX
 *
 * each line with a newline: how many captures there are, the link of the last one, and the root of
 * the tree over all of them. A capture of endpoint `timestamp` keeps it: its request says what was
 * asked, and its body is the answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"

/* How far an authority's time may be from the one at which its answer came. */
#define SEAL_APART_MS_MAX INT64_C(86400000)

struct seal {
    int64_t count; /* of captures; 0 when there is nothing to seal */
    struct sha256_digest head;
    struct sha256_digest root;
    bool has_nonce; /* that it was asked with is known */
    uint64_t nonce;
    char policy[TIMESTAMP_POLICY_SIZE]; /* "" for any */
};

/* Appends the capture's request: /posrec-seal-1?count=N&head=HEX&root=HEX&nonce=HEX, and
 * &policy=OID where one was asked for. */
void seal_append_request(const struct seal *seal, struct text *request);

/* Reads such a request; false when it is none, to the letter. */
bool seal_read_request(struct span request, struct seal *seal);

/* What the authority is asked; `policy` stays the seal's. */
bool seal_query(const struct seal *seal, struct timestamp_query *query, struct error *error);

/* timestamp_verify(), and that its time is not far from the one at which it came. */
bool seal_verify(const struct seal *seal, const struct timestamp_trust *trust, struct span answer,
                 int64_t received_ms, struct timestamp *timestamp, struct error *error);
