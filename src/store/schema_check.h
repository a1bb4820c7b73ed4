/* Whether a database's tables, indexes and views are the ones that posrec makes. */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "store/file/database.h"

/* False, naming the first object, when one is missing or has another definition, or when anything
 * is there that is no table, index or view. Those of a user's own are left alone. A view is no
 * evidence, and another posrec words it otherwise: the first that differs is only named, in `view`,
 * which is empty when all are as they should be. */
bool schema_check(const struct database *database, struct text *view, struct error *error);

/* The same of posrec's tables alone: one that was made otherwise can drop what is written to it. */
bool schema_check_tables(const struct database *database, struct error *error);
