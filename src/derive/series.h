/* A series that one kind of row says how something stands: what was said last of each asset, or of
 * each leg, and what a new answer adds to it (tables `balance` and `leg_margin`).
 *
 * A row is written at each answer while it counts for something (its amount, or where the kind
 * names none any decimal of it, is not 0 or cannot be read), and else when it differs from the last
 * one said. What a
 * good answer no longer has gets a row of NULLs, once. Writes nothing itself: its owner puts the
 * rows. */
#pragma once

#include <stdbool.h>

#include "derive/element_list.h"

struct series;

/* NULL when out of memory. `compares_bytes` as in element_list_start(). */
struct series *series_new(const struct object_kind *kind, bool compares_bytes);
void series_free(struct series *series);

/* While loading: what was said last. False when out of memory. */
bool series_add(struct series *series, const struct object *said);

/* Reads the array at which a walk stands, as element_list_read() does; nothing is said by it before
 * series_accept(). */
bool series_read(struct series *series, struct element_scratch *scratch, struct json_walk *at,
                 struct error *error);
bool series_accept(struct series *series, struct element_scratch *scratch);

/* How many elements the array read last has. */
size_t series_count(const struct series *series);

/* Steps through what is to be written, in the order of the array, then what it no longer has: NULL
 * in *said after the last. The object is of the scratch, valid until the next call. False when out
 * of memory. */
bool series_next(struct series *series, struct element_scratch *scratch, struct object **said);

/* Those of whom something is known, in the order in which they came up; one of whom nothing was
 * said yet has no `said`. */
size_t series_subject_count(const struct series *series);
const struct subject *series_subject(const struct series *series, size_t index);

/* Forgets the last array's bytes, not what it said. */
void series_forget_bytes(struct series *series);
