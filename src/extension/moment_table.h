/* position_at(at[, of_account[, all_legs]]) and equity_at(at[, of_account]): positions and equity
 * as they stood at a time, to the answers of `posrec positions --at` and `posrec report equity`.
 * `recorded` is 0 where nothing is recorded of that moment. */
#pragma once

#include <sqlite3ext.h>

/* Makes them known to the connection; SQLite's code. */
int moment_tables_add(sqlite3 *handle);
