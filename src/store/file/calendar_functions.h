/* What SQL asks the calendar (base/calendar.h): step_begin(time_ms, every_ms, every_months) and
 * step_end(...), a step's length as calendar_step has it. They give NULL where the time is NULL or
 * not within the years 1 to 9999, and where there is no step. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

/* Makes them known to the connection; false when there is no memory for it. */
bool calendar_functions_add(sqlite3 *handle);
