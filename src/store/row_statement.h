/* SQL of the derived tables, made from their descriptions (model/row_kinds.h), and rows in and out
 * of its statements. Names in it are the program's own; values are always bound. */
#ifndef POSREC_STORE_ROW_STATEMENT_H
#define POSREC_STORE_ROW_STATEMENT_H

#include "model/row.h"
#include "store/database.h"

/* Appends "a.leg_id, a.update_ms, ...": all columns, in the order of the description. */
void row_statement_columns(const struct row_kind *kind, const char *alias, struct text *sql);

/* Prepares a statement; NULL with the error set on failure.
 * insert: one parameter a column, in their order.
 * by key: all columns of the row with this primary key.
 * told: all columns of the rows that tell of the same thing, which is the key but for revision and
 * capture, and come from captures before the last parameter's. */
sqlite3_stmt *row_statement_insert(const struct database *database, const struct row_kind *kind,
                                   struct error *error);
sqlite3_stmt *row_statement_by_key(const struct database *database, const struct row_kind *kind,
                                   struct error *error);
sqlite3_stmt *row_statement_told(const struct database *database, const struct row_kind *kind,
                                 struct error *error);

/* Bind all columns; the primary key; what `told` asks for. Texts are not copied. */
void row_bind(sqlite3_stmt *statement, const struct row *row);
void row_bind_key(sqlite3_stmt *statement, const struct row *row);
void row_bind_told(sqlite3_stmt *statement, const struct row *row);

/* Reads all columns, from `first` on, into a row of the kind. False when out of memory. */
bool row_load(sqlite3_stmt *select, int first, const struct row_kind *kind, struct row *row);

#endif
