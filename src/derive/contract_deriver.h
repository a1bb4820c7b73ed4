/* What symbols' names, and the exchange's exchangeInfo, make of contracts: the book of them, and
 * each new or changed entry put where its owner wants it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/contract_book.h"
#include "model/row.h"

/* Where contracts go; false, with the error set, to stop. */
struct contract_put {
    void *context;
    bool (*put)(void *context, const struct contract_entry *entry, bool is_new,
                struct error *error);
};

/* Makes the row of what a contract is now (table `contract_term`). False when out of memory. */
bool contract_term_fill(struct row *row, const struct contract_entry *entry);

struct contract_deriver;

/* NULL when out of memory. */
struct contract_deriver *contract_deriver_new(const struct contract_put *put);
void contract_deriver_free(struct contract_deriver *deriver);

/* Which capture speaks from now on, and when. */
void contract_deriver_hear(struct contract_deriver *deriver, int64_t capture_id,
                           int64_t received_ms);

struct contract_book *contract_deriver_book(const struct contract_deriver *deriver);

/* The contract of a symbol, made from its name when it is new. */
bool contract_deriver_find(struct contract_deriver *deriver, struct span symbol,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error);

/* Counts the contracts of an exchangeInfo body, and sets what fields cannot be read; false, saying
 * why, when it is none. */
bool contract_deriver_read(struct contract_deriver *deriver, struct span body, int64_t *row_count,
                           struct odd_fields *odd, struct error *error);

/* Puts those of a body that was read well which are new or changed, each once. */
bool contract_deriver_put(struct contract_deriver *deriver, struct span body, struct error *error);
