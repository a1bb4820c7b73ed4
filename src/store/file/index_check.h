/* Whether every index leads to the rows that it is made of. SQLite looks for a row's entry by what
 * the index compares: an entry that leads to another row, or has other bytes that compare equal,
 * passes its integrity_check and changes answers. */
#pragma once

#include <stdbool.h>

#include "store/file/database.h"

/* False, naming the first, when an index holds anything else than its table does. After
 * integrity_check, which counts the entries. */
bool index_check(const struct database *database, struct error *error);
