/* Reads polls back as the captures they were recorded from. */
#ifndef POSREC_STORE_POLL_READER_H
#define POSREC_STORE_POLL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/capture.h"
#include "store/database.h"

/* A row of `poll`. The fields of its capture that a damaged row cannot have any more (an outcome or
 * endpoint of no known name) make reading it fail. */
struct stored_poll {
    int64_t poll_id;
    int64_t account_id;
    struct text product;
    int64_t row_count;
    struct maybe_int payload_id;
    struct sha256_digest chain;
    struct sha256_digest body_sha256; /* as the payload's row says; zeroes when there is none */
    struct capture capture;           /* body included */
};

void stored_poll_free(struct stored_poll *poll);

struct poll_reader;

/* NULL with the error set on failure. Uses the database until poll_reader_free(). */
struct poll_reader *poll_reader_new(const struct database *database, struct error *error);
void poll_reader_free(struct poll_reader *reader);

/* Reads one poll into `poll`, which may hold an earlier one. STEP_DONE: there is none of that id.
 */
enum step poll_reader_get(struct poll_reader *reader, int64_t poll_id, struct stored_poll *poll,
                          struct error *error);

/* Likewise the first poll whose id is `poll_id` or higher. */
enum step poll_reader_get_from(struct poll_reader *reader, int64_t poll_id,
                               struct stored_poll *poll, struct error *error);

/* Whether the body's SHA-256 is what the payload's row says. */
bool poll_reader_check_body(struct poll_reader *reader, const struct stored_poll *poll,
                            bool *intact, struct error *error);

/* Which polls export wants: those received within from_ms and to_ms, both included. */
struct poll_range {
    int64_t from_ms;
    int64_t to_ms;
    struct span account; /* empty for all */
};

/* Calls `visit` with each poll of the range, by received_ms and then poll_id, until it returns
 * false. The polls are those of one moment, whatever is written meanwhile. */
bool poll_reader_visit(struct poll_reader *reader, const struct poll_range *range,
                       bool (*visit)(void *context, const struct stored_poll *poll,
                                     struct error *error),
                       void *context, struct error *error);

#endif
