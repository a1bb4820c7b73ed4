/* Reads captures back as the captures they were recorded from. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "model/canonical.h"
#include "store/file/database.h"

/* A row of `capture`. The fields of its capture that a damaged row cannot have any more (an outcome
 * or endpoint of no known name) make reading it fail. */
struct stored_capture {
    int64_t capture_id;
    int64_t account_id;
    struct text product;
    int64_t row_count;
    struct maybe_int payload_id;
    struct sha256_digest chain;
    struct sha256_digest body_sha256; /* as the payload's row says; zeroes when there is none */
    struct capture capture;           /* body included */
    struct maybe_int reader;          /* the version of reading that made its rows */
    struct maybe_int reading;         /* the version that reads it otherwise than recorded: */
    enum outcome read_outcome;        /* how it was read last, ... */
    struct text read_detail;          /* ... where there is such a version, why, ... */
    int64_t read_row_count;           /* ... and how many rows it had then */
};

void stored_capture_free(struct stored_capture *stored);

/* What its canonical text is written of, until it changes. */
struct canonical stored_capture_canonical(const struct stored_capture *stored);

struct capture_reader;

/* NULL with the error set on failure. Uses the database until capture_reader_free(). */
struct capture_reader *capture_reader_new(const struct database *database, struct error *error);
void capture_reader_free(struct capture_reader *reader);

/* Reads one capture into `capture`, which may hold an earlier one. STEP_DONE: there is none of that
 * id.
 */
enum step capture_reader_get(struct capture_reader *reader, int64_t capture_id,
                             struct stored_capture *stored, struct error *error);

/* The same without the bytes of its body, whose digest is that which its payload's row has. */
enum step capture_reader_get_bare(struct capture_reader *reader, int64_t capture_id,
                                  struct stored_capture *stored, struct error *error);

/* As capture_reader_get(), the first capture whose id is `capture_id` or higher. */
enum step capture_reader_get_from(struct capture_reader *reader, int64_t capture_id,
                                  struct stored_capture *stored, struct error *error);

/* Whether the body's SHA-256 is what the payload's row says. */
bool capture_reader_check_body(struct capture_reader *reader, const struct stored_capture *stored,
                               bool *intact, struct error *error);

/* As capture_reader_get(), for whoever hands the bytes out: those that are not what was received
 * make it fail, and its errors say what to do. */
enum step capture_reader_get_proven(struct capture_reader *reader, int64_t capture_id,
                                    struct stored_capture *stored, struct error *error);

/* Which captures export wants: those received within [from_ms, to_ms). */
struct capture_range {
    int64_t from_ms;
    int64_t to_ms;
    struct span account; /* empty for all */
};

/* Calls `visit` with each capture of the range, by capture_id, until it returns false or a body is
 * not what was received. The captures are those of one moment, whatever is written meanwhile. */
typedef bool capture_visit(void *context, const struct stored_capture *stored, struct error *error);
bool capture_reader_visit(struct capture_reader *reader, const struct capture_range *range,
                          capture_visit *visit, void *context, struct error *error);
