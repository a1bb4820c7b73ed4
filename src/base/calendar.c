#include "base/calendar.h"

#include <time.h>

#define MONDAY_MS (4 * DAY_MS) /* 1970-01-05 */
#define YEAR_0_OF_TM 1900

static int64_t floor_div(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

static struct tm day_of(int64_t time_ms)
{
    time_t seconds = (time_t)floor_div(time_ms, 1000);
    struct tm day;
    gmtime_r(&seconds, &day);
    return day;
}

/* Months since January of the year 0. */
static int64_t month_of(const struct tm *day)
{
    return ((int64_t)day->tm_year + YEAR_0_OF_TM) * 12 + day->tm_mon;
}

static int64_t month_begin(int64_t month)
{
    int64_t year = floor_div(month, 12);
    struct tm first = {
        .tm_year = (int)(year - YEAR_0_OF_TM), .tm_mon = (int)(month - year * 12), .tm_mday = 1};
    return (int64_t)timegm(&first) * 1000;
}

int64_t calendar_step_begin(const struct calendar_step *step, int64_t time_ms)
{
    if (step->months > 0) {
        struct tm day = day_of(time_ms);
        return month_begin(floor_div(month_of(&day), step->months) * step->months);
    }
    int64_t first_ms = step->ms % WEEK_MS == 0 ? MONDAY_MS : 0;
    return floor_div(time_ms - first_ms, step->ms) * step->ms + first_ms;
}

int64_t calendar_step_end(const struct calendar_step *step, int64_t time_ms)
{
    int64_t begin_ms = calendar_step_begin(step, time_ms), end_ms;
    if (step->months > 0) {
        struct tm first = day_of(begin_ms);
        return month_begin(month_of(&first) + step->months);
    }
    return __builtin_add_overflow(begin_ms, step->ms, &end_ms) ? INT64_MAX : end_ms;
}

int64_t calendar_add_months(int64_t time_ms, int64_t months)
{
    struct tm day = day_of(time_ms);
    int64_t begin_ms = month_begin(month_of(&day) + months);
    int64_t end_ms = month_begin(month_of(&day) + months + 1);
    int64_t last_day = (end_ms - begin_ms) / DAY_MS;
    int64_t of_month = day.tm_mday < last_day ? day.tm_mday : last_day;
    return begin_ms + (of_month - 1) * DAY_MS + (time_ms - floor_div(time_ms, DAY_MS) * DAY_MS);
}
