/* What the tables hold of a thing that a row tells of: whether it was told already, and how often
 * differently. */
#ifndef POSREC_STORE_ROW_TELLINGS_H
#define POSREC_STORE_ROW_TELLINGS_H

#include "store/database.h"
#include "store/derivation.h"

struct row_tellings;

/* NULL with the error set on failure. Uses the database until row_tellings_free(). */
struct row_tellings *row_tellings_new(const struct database *database, struct error *error);
void row_tellings_free(struct row_tellings *tellings);

/* See row_sink.find_told. */
bool row_tellings_find(struct row_tellings *tellings, const struct row *row, struct told *told,
                       struct error *error);

#endif
