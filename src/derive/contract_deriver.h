/* What symbols' names, and the exchange's exchangeInfo, make of contracts: the book of them, and
 * which are new or changed, for its owner to put where he wants them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/contract_book.h"
#include "model/row.h"

/* Zeroed: none are known. */
struct contract_deriver {
    struct contract_book book;
    int64_t capture_id, received_ms; /* which speaks */
    struct contract contract;        /* scratch: the one that is being read */
};

void contract_deriver_free(struct contract_deriver *deriver);

/* Which capture speaks from now on, and when. */
void contract_deriver_hear(struct contract_deriver *deriver, int64_t capture_id,
                           int64_t received_ms);

/* The contract of a symbol, made from its name when it is new. */
bool contract_deriver_find(struct contract_deriver *deriver, const struct product *product,
                           struct span symbol, const struct contract_entry **contract, bool *is_new,
                           struct error *error);

/* Counts the contracts of an exchangeInfo body, and sets what fields cannot be read; false, saying
 * why, when it is none. */
bool contract_deriver_read(struct contract_deriver *deriver, const struct product *product,
                           struct span body, int64_t *row_count, struct odd_fields *odd,
                           struct error *error);

/* Steps through those of a body that was read well, opened as a list, which are new or changed,
 * each once; NULL in *contract after the last. */
bool contract_deriver_next(struct contract_deriver *deriver, struct contract_list *list,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error);

/* Makes the row of what a contract is now (table `contract_term`). False when out of memory. */
bool contract_term_fill(struct row *row, const struct contract_entry *entry);
