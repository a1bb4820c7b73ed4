/* The sink that inserts: writes derived rows into their tables, inside the caller's transaction. */
#pragma once

#include "derive/derivation.h"
#include "store/file/database.h"

struct row_writer;

/* NULL with the error set on failure. Uses the database until row_writer_free(). */
struct row_writer *row_writer_new(const struct database *database, struct error *error);
void row_writer_free(struct row_writer *writer);

/* Reads again what it remembers of the database, after another connection wrote or what it wrote
 * itself was taken back. */
bool row_writer_refresh(struct row_writer *writer, struct error *error);

/* Lives as long as the writer. */
const struct row_sink *row_writer_sink(const struct row_writer *writer);
