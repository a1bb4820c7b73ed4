/* SQL of the derived tables, made from their descriptions (model/row_kinds.h), and rows in and out
 * of its statements. Names in it are the program's own; values are always bound. */
#pragma once

#include "model/row.h"
#include "store/file/database.h"

/* Appends "a.leg_id, a.update_ms, ...": all columns, in the order of the description. */
void row_statement_columns(const struct row_kind *kind, const char *alias, struct text *sql);

/* Prepares a statement; NULL with the error set on failure.
 * insert: one parameter a column, in their order.
 * by key: all columns of the row with this primary key.
 * before: of the row before it, whose key differs in nothing but its last column. */
sqlite3_stmt *row_statement_insert(const struct database *database, const struct row_kind *kind,
                                   struct error *error);
sqlite3_stmt *row_statement_by_key(const struct database *database, const struct row_kind *kind,
                                   struct error *error);
sqlite3_stmt *row_statement_before(const struct database *database, const struct row_kind *kind,
                                   struct error *error);

/* Bind all columns; the primary key. Texts are not copied. */
void row_bind(sqlite3_stmt *statement, const struct row *row);
void row_bind_key(sqlite3_stmt *statement, const struct row *row);

/* Reads all columns, from `first` on, into a row of the kind. False when out of memory. */
bool row_load(sqlite3_stmt *select, int first, const struct row_kind *kind, struct row *row);
