/* The sink that inserts: writes derived rows into their tables, inside the caller's transaction. */
#ifndef POSREC_STORE_ROW_WRITER_H
#define POSREC_STORE_ROW_WRITER_H

#include "store/database.h"
#include "store/derivation.h"

struct row_writer;

/* NULL with the error set on failure. Uses the database until row_writer_free(). */
struct row_writer *row_writer_new(const struct database *database, struct error *error);
void row_writer_free(struct row_writer *writer);

/* Lives as long as the writer. */
const struct row_sink *row_writer_sink(const struct row_writer *writer);

#endif
