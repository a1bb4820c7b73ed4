/* The rules of positions: what a positionRisk answer changes of the legs of an account, as rows of
 * `position` and `valuation`. A ledger is the list of the answer's elements, whose subjects are
 * legs.
 *
 * It writes nothing: the recorder inserts the changes it is given, verify compares them with what
 * is stored. So both come from one place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "derive/contract_book.h"
#include "derive/element_list.h"
#include "model/leg_object.h"
#include "model/product.h"
#include "model/request_filter.h"

/* A revision that must be looked up: updateTime went back to a value that may have been used. */
#define LEDGER_REVISION_UNKNOWN INT64_C(-1)

struct leg {
    struct subject subject;                /* symbol and side, the last position and valuation */
    int64_t leg_id;                        /* 0 until the owner has given it one */
    const struct contract_entry *contract; /* NULL likewise */
    int64_t update_ms_max;                 /* highest updateTime of any row */
    int64_t revision;                      /* of the position that holds */
    bool seen_before;                      /* it has a row of `position`, */
    bool is_present;                       /* which says that it is there, */
    bool is_open;                          /* and not flat */
    char names[];
};

/* An object's two rows. */
static inline struct row *object_position(struct object *object)
{
    return &object->rows[0];
}

static inline struct row *object_valuation(struct object *object)
{
    return &object->rows[1];
}

/* Makes a list an empty ledger of an account of that product. */
void ledger_start(struct element_list *ledger, const struct product *product, bool compares_bytes);

/* Adds a leg while loading, of which an object says the last position and valuation. NULL when out
 * of memory. The caller sets ids, contract, seen_before and update_ms_max. */
struct leg *ledger_add(struct element_list *ledger, const struct object *said);

/* The leg that an object names, added when it is new; the owner gives it its id and contract. NULL
 * when out of memory. */
struct leg *ledger_leg(struct element_list *ledger, const struct object *object);

/* One of ledger->subjects.count, in the order in which they came up. */
struct leg *ledger_leg_at(const struct element_list *ledger, size_t index);

/* Opens the leg's last known position and valuation; it must have said something. False when out of
 * memory. */
bool leg_said(const struct leg *leg, struct object *object);

/* What a response makes of one leg. Its valuation is always to be written. */
struct ledger_change {
    struct leg *leg;                  /* NULL: there are no more */
    struct row *position, *valuation; /* that hold now; the owner sets their ids and time */
    bool writes_position;             /* its revision is the leg's, or LEDGER_REVISION_UNKNOWN */
};

/* Steps through the changes that the response read last makes, updating the legs on the way: those
 * of its rows in their order, then the legs that it lists no more: of these nothing is known any
 * more, or, as the product has it, they are flat. The change is valid until the next call. False
 * when out of memory. */
bool ledger_next_change(struct element_list *ledger, struct element_reading *reading,
                        const struct request_filter *filter, struct ledger_change *change);

/* Gives a change its revision, also the one that could not be known. */
void ledger_change_settle(struct ledger_change *change, int64_t revision);
