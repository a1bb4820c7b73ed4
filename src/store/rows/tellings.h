/* What the tables hold of a thing that a row tells of: what was told of it last, and how often
 * differently. */
#pragma once

#include "derive/derivation.h"
#include "store/file/database.h"

struct tellings;

/* NULL with the error set on failure. Uses the database until tellings_free(). */
struct tellings *tellings_new(const struct database *database, struct error *error);
void tellings_free(struct tellings *tellings);

/* See row_sink.find_last. */
bool tellings_find_last(struct tellings *tellings, const struct row *row, struct telling *last,
                        struct error *error);
