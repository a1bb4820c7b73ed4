/* Puts the evidence of a lost database into a new, empty one: accounts, payloads and captures as
 * they were, under their own numbers. All other rows are derived from it (store/rebuild.h). */
#ifndef POSREC_STORE_EVIDENCE_H
#define POSREC_STORE_EVIDENCE_H

#include "store/database.h"

/* In the order in which they go in: a row refers to rows before it. */
enum evidence { EVIDENCE_ACCOUNT, EVIDENCE_PAYLOAD, EVIDENCE_CAPTURE, EVIDENCE_COUNT };

#define EVIDENCE_COLUMNS_MAX 18

/* The table, and its columns, "account_id, name, ...". */
const char *evidence_table(enum evidence evidence);
const char *evidence_columns(enum evidence evidence);

/* Whether a column holds bytes, not an integer or a text. */
bool evidence_is_bytes(enum evidence evidence, int column);

/* NULL with the error set on failure. Finalize with sqlite3_finalize(). */
sqlite3_stmt *evidence_insert(const struct database *database, enum evidence evidence,
                              struct error *error);

/* Inserts a row of texts and, where evidence_is_bytes(), bytes; NULL where data is NULL. */
bool evidence_put(const struct database *database, sqlite3_stmt *insert, enum evidence evidence,
                  const struct span *values, int count, struct error *error);

#endif
