/* What symbols' names, and the exchange's exchangeInfo, make of contracts: the book of them, and
 * each new or changed entry put where its owner wants it. */
#ifndef POSREC_STORE_CONTRACT_DERIVER_H
#define POSREC_STORE_CONTRACT_DERIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/contract_book.h"

/* Where contracts go; false, with the error set, to stop. */
struct contract_put {
    void *context;
    bool (*put)(void *context, const struct contract_entry *entry, bool is_new,
                struct error *error);
};

struct contract_deriver;

/* NULL when out of memory. */
struct contract_deriver *contract_deriver_new(const struct contract_put *put);
void contract_deriver_free(struct contract_deriver *deriver);

struct contract_book *contract_deriver_book(const struct contract_deriver *deriver);

/* The contract of a symbol, made from its name when it is new. */
bool contract_deriver_find(struct contract_deriver *deriver, struct span symbol,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error);

/* Counts the contracts of an exchangeInfo body; false, saying why, when it is none. */
bool contract_deriver_read(struct contract_deriver *deriver, struct span body, int64_t *row_count,
                           struct error *error);

/* Puts those of a body that was read well which are new or changed. */
bool contract_deriver_put(struct contract_deriver *deriver, struct span body, struct error *error);

#endif
