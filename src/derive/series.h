/* The rule of a series that one kind of row says how something stands: of each asset, or of each
 * leg, what an answer adds to what was said last (tables `balance`, `leg_margin`, `symbol_config`,
 * `account_config`, of which an answer has one).
 *
 * A row is written at each answer while it counts for something (its amount, or where the kind
 * names none any decimal of it, is not 0 or cannot be read; some kinds never do), and else when it
 * differs from the last one said. What a good answer no longer has gets a row of NULLs, once.
 * Writes nothing itself: its owner puts the rows. */
#pragma once

#include <stdbool.h>

#include "derive/element_list.h"

/* Makes a list the empty series of a kind. */
void series_start(struct element_list *series, const struct object_kind *kind, bool compares_bytes);

/* While loading: what was said last. False when out of memory. */
bool series_add(struct element_list *series, const struct object *said);

/* Reads the array at which a walk stands, as element_list_read() does, naming the table in errors.
 */
bool series_read(struct element_list *series, struct element_reading *reading, struct json_walk *at,
                 struct error *error);

/* Steps through what the array that was accepted last has written, in its order, then what it no
 * longer has: NULL in *said after the last. The object is of the reading, valid until the next
 * call. False when out of memory. */
bool series_next(struct element_list *series, struct element_reading *reading,
                 struct object **said);
