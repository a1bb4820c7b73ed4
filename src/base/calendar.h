/* Days, weeks, months and years of UTC, in milliseconds since 1970. Pure: the machine's time zone
 * is never asked. Times are of the years 1 to 9999, but for the ends of what begins in them. */
#pragma once

#include <stdint.h>

#define DAY_MS INT64_C(86400000)
#define WEEK_MS (7 * DAY_MS)
#define CALENDAR_MONTHS_MAX 120000 /* that are added at once, or that a step has */

/* How time is cut into steps. Whole months begin with a month, counted from January of the year 0,
 * so that 3 are a quarter and 12 a year; whole weeks begin on a Monday (counted from 1970-01-05);
 * all else at whole multiples since 1970. */
struct calendar_step {
    int64_t ms;     /* its length, of months the least that they can have; 0 for no steps */
    int64_t months; /* 0 when it is no step of months */
};

/* When the step that holds the time begins, and when the next one does: [begin, end). An end past
 * what 64 bits hold is INT64_MAX. */
int64_t calendar_step_begin(const struct calendar_step *step, int64_t time_ms);
int64_t calendar_step_end(const struct calendar_step *step, int64_t time_ms);

/* The same time of day so many months later (before, when negative), on the same day of the month,
 * or on its last where it is shorter. */
int64_t calendar_add_months(int64_t time_ms, int64_t months);
