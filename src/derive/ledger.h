/* The ledger of one account: the last known state of each leg, and what a new response changes.
 *
 * It holds DESIGN's rules of what makes a row of `position` and `valuation`, and writes nothing:
 * the recorder inserts the changes it is given, verify compares them with what is stored. So both
 * come from one place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "derive/contract_book.h"
#include "derive/element_list.h"
#include "model/leg_object.h"
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

/* What an element of a positionRisk body is read into: a position and a valuation. */
extern const struct object_kind POSITION_OBJECT;

/* An object's two rows. */
static inline struct row *object_position(struct object *object)
{
    return &object->rows[0];
}

static inline struct row *object_valuation(struct object *object)
{
    return &object->rows[1];
}

/* Opens the leg's last known position and valuation; it must have said something. False when out of
 * memory. */
bool leg_said(const struct leg *leg, struct object *object);

/* What a response makes of one leg. */
struct ledger_change {
    struct leg *leg;
    struct row *position, *valuation; /* that hold now; the owner sets their ids and time */
    bool is_new; /* the leg has no row yet; the owner sets its leg_id and contract */
    bool writes_position;
    bool writes_valuation;
    int64_t revision; /* of the position that holds now, or LEDGER_REVISION_UNKNOWN */
};

/* Gives a change the revision that it could not know. */
void ledger_change_settle(struct ledger_change *change, int64_t revision);

struct ledger;

/* NULL when out of memory. `scratch` is used, not owned, from ledger_read() until the last
 * ledger_next_change(). `compares_bytes` as in element_list_start(). */
struct ledger *ledger_new(struct element_scratch *scratch, bool compares_bytes);
void ledger_free(struct ledger *ledger);

/* Adds a leg while loading, of which an object says the last position and valuation. NULL when out
 * of memory. The caller sets ids, contract, seen_before and update_ms_max. */
struct leg *ledger_add(struct ledger *ledger, const struct object *said);

/* The leg that an object names, added when it is new; the owner gives it its id and contract. NULL
 * when out of memory. */
struct leg *ledger_leg(struct ledger *ledger, const struct object *object);

/* The legs in the order in which they were added. */
size_t ledger_leg_count(const struct ledger *ledger);
struct leg *ledger_leg_at(const struct ledger *ledger, size_t index);

/* Reads a positionRisk body. False: it is no list of rows, nothing has changed, and the error says
 * which element and field; ERROR_NO_MEMORY says nothing of the body. */
bool ledger_read(struct ledger *ledger, struct span body, struct error *error);

/* Forgets the last response's bytes, not what it said: the next one is parsed whole. Not between
 * ledger_read() and the last ledger_next_change(). */
void ledger_forget_bytes(struct ledger *ledger);

/* How many rows the response read last has. */
size_t ledger_row_count(const struct ledger *ledger);

/* Steps through the changes that the response read last makes, updating the legs on the way: those
 * of its rows in their order, then the legs that vanished; NULL in *change after the last. The
 * change is valid until the next call. False when out of memory. */
bool ledger_next_change(struct ledger *ledger, const struct request_filter *filter,
                        struct ledger_change **change);
