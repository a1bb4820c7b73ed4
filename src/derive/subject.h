/* Who elements of the exchange's answers are about, a leg or an asset: its names, and what was said
 * last of it, packed (model/object_pack.h). There are a hundred thousand and more of them: each is
 * one piece of memory, with the names at its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "model/leg_object.h"

/* The first member of what its owner knows of it. */
struct subject {
    uint64_t generation; /* of the last answer that had it */
    char *said;          /* NULL before anything was said */
    const char *names;   /* symbol, NUL, side, NUL */
    uint32_t symbol_size, side_size;
};

/* Makes zeroed memory of the subject's owner, whose names begin at `offset`, where its struct ends
 * in a `char []`. NULL when out of memory. */
void *subject_new(size_t offset, struct span symbol, struct span side);

/* Frees it, with its owner. */
void subject_free(struct subject *subject);

/* The names, with a NUL after each. */
struct span subject_symbol(const struct subject *subject);
struct span subject_side(const struct subject *subject);

/* Notes what an object says, and opens it again, names and all. False when out of memory. */
bool subject_say(struct subject *subject, const struct object *object);
bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object);

/* Subjects by their names; zeroed: none. It does not own them. */
struct subject_names {
    void *tree;
};

/* NULL when it is not there. */
struct subject *subject_find(const struct subject_names *names, struct span symbol,
                             struct span side);

/* False when out of memory. */
bool subject_add(struct subject_names *names, struct subject *subject);
void subject_remove(struct subject_names *names, struct subject *subject);
void subject_names_free(struct subject_names *names);
