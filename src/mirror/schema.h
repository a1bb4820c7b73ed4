/* The mirror's schema on a server: versioned, checksummed migrations and views (sql/postgresql),
 * applied under a lock, as several recorders may start at once. */
#pragma once

#include "mirror/server.h"

/* Brings the schema `posrec` to this program's version. Refuses one that a newer posrec made, or
 * whose migrations are not the ones that this program knows. */
bool schema_apply(struct server *server, int64_t now_ms, struct error *error);

/* Holds the schema against what this program makes, in a transaction that the caller does not
 * commit: every table's columns, keys and other constraints, every view's definition, and that no
 * rule, trigger, row security policy or child table stands between them and who reads or writes.
 * Sets the error to the first difference. Needs TEMPORARY on the database, which is everybody's by
 * default.
 */
bool schema_compare(struct server *server, struct error *error);

/* Has Citus spread the tables over its workers by account_id, those that are not yet. *count: how
 * many. */
bool schema_distribute(struct server *server, int64_t now_ms, int64_t *count, struct error *error);
