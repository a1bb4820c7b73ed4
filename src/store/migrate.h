/* The schema: versioned migrations, applied once, in order, each in one transaction and
 * checksummed; and views, made again whenever their text differs from this program's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/file/database.h"
#include "store/rows/hours.h"

/* The schema version this program writes. */
int migrate_latest(void);

/* Brings the database to the latest version and refreshes posrec's views. Refuses a database that a
 * newer posrec has migrated, or whose applied migrations are not the ones this program knows. After
 * a failure the connection is only good for closing. `watch` is told of work that takes long; NULL
 * for nobody. */
bool migrate_apply(const struct database *database, int64_t now_ms, const struct hours_watch *watch,
                   struct error *error);

/* Makes the tables and indexes alone, without views, in a new database. */
bool migrate_make_tables(const struct database *database, struct error *error);

/* For readers: the database must be at the latest version already ... */
bool migrate_check_version(const struct database *database, struct error *error);

/* ... and have the views. */
bool migrate_check(const struct database *database, struct error *error);

/* Whether each applied migration is recorded with the name and checksum that this program has. */
bool migrate_check_recorded(const struct database *database, struct error *error);

/* The version of the database; 0 when it is empty. */
bool migrate_version(const struct database *database, int64_t *version, struct error *error);
