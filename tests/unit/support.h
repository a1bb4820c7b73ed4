/* What unit tests share: a fresh database in a folder of its own, and captures to record. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/capture.h"
#include "store/file/database.h"
#include "store/recorder.h"

#define TEST_NOW_MS INT64_C(1795557600000)

/* A database at the latest schema, with a recorder. */
struct bench {
    char folder[64];
    char path[96];
    struct database database;
    struct recorder *recorder;
    struct capture capture;
    struct recorded recorded; /* what became of the last capture */
};

/* For cmocka_unit_test_setup_teardown: *state is a struct bench. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Closes recorder and database and opens them again, as a new process would. */
void bench_reopen(struct bench *bench);

/* Records a 200 answer with this body for account main; fails the test when that fails. */
void bench_record(struct bench *bench, int64_t received_ms, const char *body);

/* The one integer a query gives. */
int64_t bench_integer(struct bench *bench, const char *sql);

/* The one text a query gives, valid until the next call; "" for NULL. */
const char *bench_text(struct bench *bench, const char *sql);

/* The database verifies from every capture on. */
void bench_assert_sound(struct bench *bench);

/* Whether a test does all of what CI takes a sample of (POSREC_TEST_LONG=1). */
bool test_is_long(void);

/* One in so many of what CI would do, where it is not all (POSREC_TEST_STEP): sanitizers are slow.
 */
unsigned test_step(void);

/* Where what is drawn by chance starts: POSREC_TEST_SEED, or another number in each run; says
 * which. */
unsigned test_seed(void);

/* One element of a positionRisk body in which these members stand first; what they name replaces
 * the usual values. The result is valid until the next call. */
const char *element(const char *members);

#endif
