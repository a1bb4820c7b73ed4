/* Hours and days, in UTC, and which of an account are over. */
#pragma once

#include <stdint.h>

#include "base/calendar.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)

/* The hour that a time is in. */
static inline int64_t hour_of(int64_t time_ms)
{
    return time_ms - time_ms % HOUR_MS;
}

/* The start of the day that is not over in that hour; what ended the one before it is told within
 * the first. */
static inline int64_t day_over(int64_t hour_ms)
{
    int64_t told_ms = hour_ms > HOUR_MS ? hour_ms - HOUR_MS : 0;
    return told_ms - told_ms % DAY_MS;
}

/* Hours of an account that are over: from the one in which it was last answered, up to that of the
 * capture which answers it again. */
struct hours_over {
    int64_t from_ms, until_ms;
    int64_t capture_id; /* captures before it count */
};
