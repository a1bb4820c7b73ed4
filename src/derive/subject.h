/* Who elements of the exchange's answers are about, a leg or an asset: its names, and what was said
 * last of it, packed (model/object_pack.h). There are a hundred thousand and more of them: each is
 * one piece of memory, with the names at its end. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "model/leg_object.h"

/* The first member of what its owner knows of it. */
struct subject {
    char *said;          /* NULL before anything was said */
    const char *symbol;  /* with a NUL after it, and then the side, likewise */
    uint32_t generation; /* of the last answer that had it */
    uint8_t symbol_size, side_size;
};

static_assert(NAME_SIZE_MAX <= UINT8_MAX, "a name's size fits");

/* The names, with a NUL after each. */
struct span subject_symbol(const struct subject *subject);
struct span subject_side(const struct subject *subject);

/* Notes what an object says, and opens it again, names and all. False when out of memory. */
bool subject_say(struct subject *subject, const struct object *object);
bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object);

/* Subjects in the order in which they came up, and by their names. They stay where they are. */
struct subjects {
    struct subject **list;
    size_t count, capacity;
    uint32_t *by_names; /* their numbers in the list, by their names */
    size_t by_names_capacity;
    size_t names_offset; /* where an owner's struct ends in a `char []`; the rest zeroed: none */
};

void subjects_free(struct subjects *subjects);

/* The subject of that name, added when it is new: all of its owner's struct is zeroed then. NULL
 * when out of memory. */
struct subject *subjects_get(struct subjects *subjects, struct span symbol, struct span side);

/* Takes those back that came up after the first `count`. */
void subjects_keep(struct subjects *subjects, size_t count);
