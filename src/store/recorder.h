/* The recorder: writes captures into the database, each with its bytes, its link of the chain and
 * the rows it makes, in the order they come.
 *
 * Between recorder_begin() and recorder_commit() everything is one transaction; after any failure
 * call recorder_rollback(), and nothing of it was written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/account_book.h"
#include "derive/index_book.h"
#include "model/capture.h"
#include "store/file/database.h"

enum record_mode {
    RECORD_LIVE,   /* a time before the earliest that can follow becomes that one */
    RECORD_IMPORT, /* such a capture is a duplicate when it is recorded already, else an error */
};

/* What became of a capture. */
struct recorded {
    int64_t capture_id; /* of the capture recorded before, when it is a duplicate */
    int64_t row_count;
    int64_t position_count; /* rows written */
    int64_t valuation_count;
    int64_t income_count;
    int64_t trade_count;
    int64_t new_contract_count; /* symbols never seen before, known by name alone so far */
    bool is_duplicate;          /* it was recorded already; nothing was written */
    bool time_moved;            /* received_ms was too early and became the earliest */
};

struct recorder;

/* `compares_bytes` as in element_list_start(). NULL with the error set on failure. The recorder
 * uses the database, which must be at the latest schema, until recorder_free(). */
struct recorder *recorder_new(const struct database *database, bool compares_bytes,
                              struct error *error);
void recorder_free(struct recorder *recorder);

bool recorder_begin(struct recorder *recorder, struct error *error);
bool recorder_commit(struct recorder *recorder, struct error *error);

/* Sums up the days that are over, as an answer of a later day does: what was told of past ones took
 * the sums of others away. In a transaction of its own. */
bool recorder_sum_up(struct recorder *recorder, struct error *error);

void recorder_rollback(struct recorder *recorder);

/* Records one capture inside the transaction. Its outcome becomes OUTCOME_UNREADABLE, with the
 * reason in `detail`, when a good status carries what is no list of rows. In RECORD_IMPORT a
 * capture that cannot follow the account's last one is ERROR_USAGE and writes nothing: the
 * transaction can go on. */
bool recorder_append(struct recorder *recorder, enum record_mode mode, struct capture *capture,
                     struct recorded *recorded, struct error *error);

/* Begin, append, commit; a failure is rolled back. */
bool recorder_record(struct recorder *recorder, enum record_mode mode, struct capture *capture,
                     struct recorded *recorded, struct error *error);

/* What is remembered of an account after the last commit, valid until the next recorder_begin().
 * NULL when nothing is: no capture of it was recorded since the recorder was made, or the last
 * transaction failed. */
const struct account *recorder_account(const struct recorder *recorder, struct span name);

/* What assets are worth, as valid as that; NULL when nothing is remembered. */
const struct index_book *recorder_indexes(const struct recorder *recorder);

/* When a product's exchangeInfo was last read well, INT64_MIN for never. */
bool recorder_exchange_info_ms(struct recorder *recorder, const struct product *product,
                               int64_t *received_ms, struct error *error);
