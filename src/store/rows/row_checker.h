/* The sink that compares: holds every derived row against the stored one of the same key, so a row
 * that is missing or changed shows at its capture. Rows that no capture makes show in the end, by
 * their number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/derivation.h"
#include "store/file/database.h"

#define ROW_CHECKER_FINDING_SIZE 600

struct row_checker;

/* Checks rows of captures from `from_capture_id` on. NULL with the error set on failure. */
struct row_checker *row_checker_new(const struct database *database, int64_t from_capture_id,
                                    struct error *error);
void row_checker_free(struct row_checker *checker);

const struct row_sink *row_checker_sink(const struct row_checker *checker);

/* When the sink stopped because a row is not what was derived: what is wrong, else NULL. */
const char *row_checker_finding(const struct row_checker *checker);

/* Whether rows that are otherwise than derived are no finding from now on: an older posrec made
 * them. */
void row_checker_tolerate(struct row_checker *checker, bool tolerates);

/* The first of those since it was asked last, NULL for none; valid until the next row. */
const char *row_checker_tolerated(struct row_checker *checker);

/* After the last capture: whether the tables hold nothing more than what was derived, and contracts
 * are as derived. False with a finding, or with the error set. */
bool row_checker_finish(struct row_checker *checker, struct derivation *derivation,
                        struct error *error);

/* How many rows of each kind were compared. */
struct row_counts row_checker_counts(const struct row_checker *checker);
