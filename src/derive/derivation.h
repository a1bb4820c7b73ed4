/* The derivation: what captures, one after the other, make of contracts, legs, positions and
 * valuations. Rows come from nowhere else: the recorder inserts those that the derivation puts into
 * its sink, verify compares them with the stored ones.
 *
 * Ids are given in the order things are first seen, from 1 on and without holes, so the same
 * captures always give the same rows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "derive/account_book.h"
#include "derive/contract_book.h"
#include "derive/hours_over.h"
#include "derive/index_book.h"
#include "derive/reading.h"
#include "model/capture.h"
#include "model/row_kinds.h"

/* The last telling of a thing before a capture. */
struct telling {
    bool is_same;     /* it says what the row says */
    int64_t revision; /* -1 when there is none, or of a kind without revisions */
};

/* Where rows go. Each function takes one row and returns false, with the error set, to stop. */
struct row_sink {
    void *context;
    bool (*put_account)(void *context, const struct account *account, struct error *error);
    bool (*put_contract)(void *context, const struct contract_entry *entry, bool is_new,
                         struct error *error);
    bool (*put_leg)(void *context, const struct account *account, const struct leg *leg,
                    struct error *error);

    /* The hours since that of an account's last answer to a poll are over. */
    bool (*close_hours)(void *context, const struct account *account, const struct hours_over *over,
                        struct error *error);

    /* Any row of a derived table; `leg` is whose it is, NULL for none. */
    bool (*put_row)(void *context, const struct row *row, const struct leg *leg,
                    struct error *error);

    /* What the captures before the row's own told last of what it tells of. */
    bool (*find_last)(void *context, const struct row *row, struct telling *last,
                      struct error *error);
};

struct derivation;

/* NULL with the error set on failure. `compares_bytes` as in element_list_start(). */
struct derivation *derivation_new(const struct row_sink *sink, bool compares_bytes,
                                  struct error *error);
void derivation_free(struct derivation *derivation);

/* The account, made and put into the sink when it is new: of that product, or of the usual one when
 * it is NULL. NULL with the error set on failure: ERROR_USAGE when the account is of another. */
struct account *derivation_account(struct derivation *derivation, struct span name,
                                   const struct product *product, struct error *error);

/* For loading what an earlier process derived. */
void derivation_set_leg_count(struct derivation *derivation, int64_t leg_count);
struct account_book *derivation_accounts(struct derivation *derivation);
struct contract_book *derivation_contracts(struct derivation *derivation);
struct index_book *derivation_indexes(struct derivation *derivation);

/* How many there are so far. */
int64_t derivation_leg_count(const struct derivation *derivation);

/* Reads the body of a capture whose outcome is OK: the outcome becomes OUTCOME_UNREADABLE, with the
 * reason in `detail`, when it is not what the endpoint answers; when it is, `detail` names the
 * first field that cannot be read, if there is one. False only for posrec's own failures. */
bool derivation_read(struct derivation *derivation, struct account *account,
                     struct capture *capture, struct reading *reading, struct error *error);

/* Puts the rows that the capture read last makes into the sink, and counts them. After a failure
 * the derivation's state is half-way and must be thrown away. */
bool derivation_put_rows(struct derivation *derivation, struct reading *reading, int64_t capture_id,
                         struct error *error);
