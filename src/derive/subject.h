/* Who elements of the exchange's answers are about, a leg or an asset: its names, and what was said
 * last of it, packed (model/object_pack.h). There are a hundred thousand and more of them: each has
 * the names at its end, they lie one behind the other, and what is said of many alike is kept once.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "model/leg_object.h"

struct said;

/* What was said last in a list, for others of whom the same is said. */
struct said_lately {
    struct said *list[4];
    size_t next;
};

/* The first member of what its owner knows of it. */
struct subject {
    struct said *said;   /* NULL before anything was said */
    uint32_t generation; /* of the last answer that had it */
    uint8_t symbol_size, side_size;
    uint8_t names_offset; /* from here: the symbol, a NUL, the side, a NUL */
};

static_assert(NAME_SIZE_MAX <= UINT8_MAX, "a name's size fits");

/* The names, with a NUL after each. */
struct span subject_symbol(const struct subject *subject);
struct span subject_side(const struct subject *subject);

/* Notes what an object says, and opens it again, names and all. What is said of others too is kept
 * once where `lately` knows it (NULL: nothing is). False when out of memory. */
bool subject_say(struct subject *subject, const struct object *object, struct said_lately *lately);
bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object);

/* Subjects in the order in which they came up, and by their names. They stay where they are. */
struct subjects {
    struct subject **list;
    size_t count, capacity;
    uint32_t *by_names; /* their numbers in the list, by their names */
    size_t by_names_capacity;
    size_t names_offset;  /* where an owner's struct ends in a `char []`; the rest zeroed: none */
    struct piece *pieces; /* of memory, in which they lie: the last one first */
    struct said_lately lately;
};

void subjects_free(struct subjects *subjects);

/* The subject of that name, added when it is new: all of its owner's struct is zeroed then. NULL
 * when out of memory. */
struct subject *subjects_get(struct subjects *subjects, struct span symbol, struct span side);

/* Takes those back that came up after the first `count`. */
void subjects_keep(struct subjects *subjects, size_t count);
