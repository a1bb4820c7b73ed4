/* Timestamps of RFC 3161: the question that an authority is asked, and what its answer proves.
 * Bytes in, bytes out; who asks is the caller.
 *
 * An answer is read (timestamp_read: is it one to this question?) or verified (timestamp_verify:
 * did an authority that is trusted sign it?). What is verified holds at the answer's own time: a
 * certificate that has expired since was good then. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/text.h"

/* An answer is some kilobytes, certificates included; a larger one is none. */
#define TIMESTAMP_SIZE_MAX ((size_t)64 << 10)

#define TIMESTAMP_POLICY_SIZE 64
#define TIMESTAMP_AUTHORITY_SIZE 128

struct timestamp_query {
    struct sha256_digest imprint; /* of what is stamped */
    bool has_nonce;               /* else any, as for whoever did not ask it */
    uint64_t nonce;
    const char *policy; /* an object identifier such as 1.2.3, or "": any */
};

struct timestamp {
    int64_t time_ms; /* UTC, in whole seconds */
    char policy[TIMESTAMP_POLICY_SIZE];
    char authority[TIMESTAMP_AUTHORITY_SIZE]; /* the signer's name; "" when only read */
};

/* Whether it is an object identifier that fits; "" is none. */
bool timestamp_policy_is_valid(const char *policy);

/* Appends the question (application/timestamp-query); the authority is to send its certificate. */
bool timestamp_ask(const struct timestamp_query *query, struct text *out, struct error *error);

/* Reads an answer (application/timestamp-reply). ERROR_FAILED, saying why, when it grants nothing,
 * or is not of this imprint, nonce and policy. Whose signature it has is not looked at. */
bool timestamp_read(const struct timestamp_query *query, struct span answer,
                    struct timestamp *timestamp, struct error *error);

/* The certificates that are trusted. */
struct timestamp_trust;

/* Those of a PEM file; the system's with NULL. ERROR_USAGE when there are none in it. */
struct timestamp_trust *timestamp_trust_new(const char *ca_file, struct error *error);
void timestamp_trust_free(struct timestamp_trust *trust);

/* Reads an answer as timestamp_read() does, and verifies its signature, and that its certificate is
 * for time stamping alone (RFC 3161, 2.3) and leads to one that is trusted, all at the answer's
 * time. */
bool timestamp_verify(const struct timestamp_trust *trust, const struct timestamp_query *query,
                      struct span answer, struct timestamp *timestamp, struct error *error);
