/* replay(from, to, every[, of_account]): what position_at says at each step of a range, flat legs
 * too, in one go through the record. */
#pragma once

#include <sqlite3ext.h>

/* Makes it known to the connection; SQLite's code. */
int replay_table_add(sqlite3 *handle);
