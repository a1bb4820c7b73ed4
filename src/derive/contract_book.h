/* The contracts of all products by symbol, as the captures up to now say they are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "model/contract.h"

struct contract_entry {
    int64_t contract_id;
    struct contract contract;
    int64_t capture_id; /* that said so */
    int64_t from_ms;    /* since when: 0 of what was said first, else when it was said */
    int64_t latest_ms;  /* the highest from_ms of all that was said of it */
};

/* Since when it is what it is, at any later time; unknown where something else was said of a later
 * time before. */
struct maybe_int contract_since(const struct contract_entry *entry);

/* Zeroed: empty. */
struct contract_book {
    struct contract_entry **list; /* in the order in which they were added */
    size_t count;
    size_t capacity;
    void *by_symbol; /* tsearch tree of struct contract_entry */
};

void contract_book_free(struct contract_book *book);

/* NULL when the product's symbol is not in it. Entries stay where they are until the book is freed.
 */
struct contract_entry *contract_book_find(const struct contract_book *book,
                                          const struct product *product, struct span symbol);

/* Adds a contract whose symbol is not in the book and takes its texts over. NULL when out of
 * memory, and the contract is the caller's still. */
struct contract_entry *contract_book_add(struct contract_book *book, int64_t contract_id,
                                         struct contract *contract);
