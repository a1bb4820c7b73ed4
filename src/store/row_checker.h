/* The sink that compares: holds every derived row against the stored one.
 *
 * It walks each leg's stored rows in the order of captures and times, so a row that is missing,
 * changed or too many shows at the place where it is. */
#ifndef POSREC_STORE_ROW_CHECKER_H
#define POSREC_STORE_ROW_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"
#include "store/derivation.h"

#define ROW_CHECKER_FINDING_SIZE 400

struct row_checker;

struct row_checker_counts {
    int64_t positions;
    int64_t valuations;
};

/* Checks rows of captures from `from_capture_id` on. NULL with the error set on failure. */
struct row_checker *row_checker_new(const struct database *database, int64_t from_capture_id,
                                    struct error *error);
void row_checker_free(struct row_checker *checker);

const struct row_sink *row_checker_sink(const struct row_checker *checker);

/* When the sink stopped because a row is not what was derived: what is wrong, else NULL. */
const char *row_checker_finding(const struct row_checker *checker);

/* After the last capture: whether the tables hold nothing more than what was derived, and contracts
 * are as derived. False with a finding, or with the error set. */
bool row_checker_finish(struct row_checker *checker, struct derivation *derivation,
                        struct error *error);

struct row_checker_counts row_checker_counts(const struct row_checker *checker);

#endif
