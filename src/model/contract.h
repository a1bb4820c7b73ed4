/* A contract: what a symbol stands for. Derived from the symbol's name until exchangeInfo says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/field.h"
#include "model/json_span.h"
#include "model/maybe.h"

struct product;

struct contract {
    const struct product *product;
    struct text symbol;
    struct text pair; /* these three empty when not known */
    struct text margin_asset;
    struct text contract_type;
    struct maybe_int delivery_ms;      /* ms since 1970 UTC */
    struct maybe_int contract_size_e8; /* of inverse ones USD for one, of linear ones coins */
    bool from_exchange_info;
};

void contract_free(struct contract *contract);

bool contract_failed(const struct contract *contract); /* any of its texts ran out of memory */

/* What a product's contract of that symbol is by its name. What that does not say stays unknown.
 * False when out of memory. */
bool contract_derive(const struct product *product, struct span symbol, struct contract *contract,
                     struct error *error);

/* For the descriptions of products: a name up to its first "_", and what follows; false without
 * one.
 */
bool contract_split(struct span symbol, struct span *pair, struct span *kind);

/* Likewise: makes it one that is delivered, where the kind is a day (261225), at 08:00 UTC. */
void contract_name_delivery(struct span kind, struct contract *contract);

/* A walk over the `symbols` of an exchangeInfo body. */
struct contract_list {
    const struct product *product;
    struct json_walk walk;
    size_t index;
    struct odd_fields odd; /* so far */
};

/* Finds `symbols` in the body; fails, saying why, when the body is not an exchangeInfo. */
bool contract_list_open(const struct product *product, struct span body, struct contract_list *list,
                        struct error *error);

/* The next contract: JSON_ITEM, JSON_END after the last, JSON_INVALID with the error set. What it
 * does not say its symbol's name does; a field that cannot be read is not known, and noted. */
enum json_step contract_list_next(struct contract_list *list, struct contract *contract,
                                  struct error *error);

/* "exchangeInfo" or "derived". */
const char *contract_source(const struct contract *contract);

/* The column values are all the same. */
bool contract_same(const struct contract *a, const struct contract *b);
