#include "store/file/calendar_functions.h"

#include "base/calendar.h"
#include "base/time_text.h"

typedef int64_t step_side(const struct calendar_step *step, int64_t time_ms);

static void answer(sqlite3_context *context, sqlite3_value **values, step_side *side)
{
    int64_t time_ms = sqlite3_value_int64(values[0]);
    const struct calendar_step step = {.ms = sqlite3_value_int64(values[1]),
                                       .months = sqlite3_value_int64(values[2])};
    if (sqlite3_value_type(values[0]) != SQLITE_NULL && time_ms >= TIME_MS_MIN &&
        time_ms <= TIME_MS_MAX && step.ms > 0 && step.months <= CALENDAR_MONTHS_MAX) {
        sqlite3_result_int64(context, side(&step, time_ms));
    }
}

static void step_begin(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    answer(context, values, calendar_step_begin);
}

static void step_end(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    answer(context, values, calendar_step_end);
}

bool calendar_functions_add(sqlite3 *handle)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    return sqlite3_create_function(handle, "step_begin", 3, flags, NULL, step_begin, NULL, NULL) ==
               SQLITE_OK &&
           sqlite3_create_function(handle, "step_end", 3, flags, NULL, step_end, NULL, NULL) ==
               SQLITE_OK;
}
