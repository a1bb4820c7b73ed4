/* The sink that inserts: writes derived rows into their tables, inside the caller's transaction. */
#pragma once

#include "derive/derivation.h"
#include "store/file/database.h"

struct row_writer;

/* NULL with the error set on failure. Uses the database until row_writer_free(). */
struct row_writer *row_writer_new(const struct database *database, struct error *error);
void row_writer_free(struct row_writer *writer);

/* Lives as long as the writer. */
const struct row_sink *row_writer_sink(const struct row_writer *writer);
