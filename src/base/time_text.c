#include "base/time_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUMBER_DIGITS_MAX 18

/* A number's digits say what it is. Seconds have ten from 2001 to 2286, milliseconds thirteen. */
#define DATE_DIGITS 8
#define SECONDS_DIGITS 10
#define MILLISECONDS_DIGITS 13

/* The least days of a month. */
#define MONTH_MS_MIN (28 * DAY_MS)

/* Takes `count` digits (any number of them up to NUMBER_DIGITS_MAX when count is 0). */
static bool take_number(const char **text, size_t count, int64_t *number)
{
    size_t taken = 0;
    *number = 0;
    while (isdigit((unsigned char)**text) && (count == 0 || taken < count)) {
        if (++taken > NUMBER_DIGITS_MAX) {
            return false;
        }
        *number = *number * 10 + (*(*text)++ - '0');
    }
    return taken > 0 && (count == 0 || taken == count);
}

static bool take_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    ++*text;
    return true;
}

/* A number and its unit. */
static bool take_length(const char *text, struct calendar_step *length)
{
    static const struct {
        const char *name;
        struct calendar_step length;
    } UNITS[] = {{"ms", {1, 0}},
                 {"s", {1000, 0}},
                 {"m", {60000, 0}},
                 {"h", {3600000, 0}},
                 {"d", {DAY_MS, 0}},
                 {"w", {WEEK_MS, 0}},
                 {"mo", {MONTH_MS_MIN, 1}},
                 {"y", {12 * MONTH_MS_MIN, 12}}};
    int64_t number;
    if (!take_number(&text, 0, &number)) {
        return false;
    }
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (strcmp(text, UNITS[i].name) == 0) {
            return !__builtin_mul_overflow(number, UNITS[i].length.ms, &length->ms) &&
                   !__builtin_mul_overflow(number, UNITS[i].length.months, &length->months) &&
                   length->months <= CALENDAR_MONTHS_MAX;
        }
    }
    return false;
}

bool duration_parse(const char *text, int64_t *duration_ms, struct error *error)
{
    struct calendar_step length;
    if (!take_length(text, &length) || length.months > 0 || length.ms <= 0) {
        return error_set(error, ERROR_USAGE,
                         "duration '%s': not understood (write 100ms, 10s, 5m, 1h, 1d or 1w)",
                         text);
    }
    *duration_ms = length.ms;
    return true;
}

bool step_parse(const char *text, struct calendar_step *step, struct error *error)
{
    return (take_length(text, step) && step->ms > 0) ||
           error_set(error, ERROR_USAGE,
                     "step '%s': not understood (write 10s, 5m, 1h, 1d, 1w, 1mo or 1y)", text);
}

static struct time_span instant_of(int64_t time_ms)
{
    return (struct time_span){TIME_INSTANT, time_ms, time_ms};
}

static struct time_span day_of(int64_t midnight_ms)
{
    return (struct time_span){TIME_DAY, midnight_ms, midnight_ms + DAY_MS};
}

/* 2026-11-24, or 2026-11, the whole month. */
static bool take_date(const char **text, struct time_span *span)
{
    int64_t year, month, date = 1;
    if (!take_number(text, 4, &year) || !take_char(text, '-') || !take_number(text, 2, &month)) {
        return false;
    }
    bool is_month = !take_char(text, '-');
    if (!is_month && !take_number(text, 2, &date)) {
        return false;
    }
    struct tm day = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)date};
    int64_t midnight_ms = (int64_t)timegm(&day) * 1000;
    *span = day_of(midnight_ms);
    if (is_month) {
        *span = (struct time_span){TIME_MONTH, midnight_ms, calendar_add_months(midnight_ms, 1)};
    }
    /* of 31 April timegm() makes a day in May */
    return year >= 1 && month >= 1 && month <= 12 && date >= 1 && day.tm_mday == date;
}

static bool take_fraction_ms(const char **text, int64_t *fraction_ms)
{
    int64_t place = 100;
    *fraction_ms = 0;
    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    for (; isdigit((unsigned char)**text); ++*text, place /= 10) {
        *fraction_ms += (**text - '0') * place;
    }
    return true;
}

static bool take_time_of_day(const char **text, int64_t *of_day_ms)
{
    int64_t hour, minute, second = 0, fraction_ms = 0;
    if (!take_number(text, 2, &hour) || !take_char(text, ':') || !take_number(text, 2, &minute)) {
        return false;
    }
    if (take_char(text, ':')) {
        if (!take_number(text, 2, &second)) {
            return false;
        }
        if (take_char(text, '.') && !take_fraction_ms(text, &fraction_ms)) {
            return false;
        }
    }
    *of_day_ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms;
    return hour <= 23 && minute <= 59 && second <= 59;
}

static bool take_zone(const char **text, int64_t *east_ms)
{
    *east_ms = 0;
    if (**text == '\0' || take_char(text, 'Z') || take_char(text, 'z')) {
        return true;
    }
    bool west = **text == '-';
    int64_t hour, minute;
    if ((!take_char(text, '+') && !take_char(text, '-')) || !take_number(text, 2, &hour)) {
        return false;
    }
    take_char(text, ':');
    if (!take_number(text, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    *east_ms = (hour * 60 + minute) * 60000 * (west ? -1 : 1);
    return true;
}

static bool parse_iso(const char *text, struct time_span *span)
{
    int64_t of_day_ms = 0, east_ms = 0;
    if (!take_date(&text, span)) {
        return false;
    }
    if (*text == '\0') {
        return true;
    }
    if (span->kind != TIME_DAY ||
        (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' ')) ||
        !take_time_of_day(&text, &of_day_ms) || !take_zone(&text, &east_ms)) {
        return false;
    }
    *span = instant_of(span->from_ms + of_day_ms - east_ms);
    return *text == '\0';
}

/* -24h: so long before now. */
static bool parse_relative(const char *text, int64_t now_ms, struct time_span *span)
{
    struct calendar_step length;
    int64_t sign = *text == '-' ? -1 : 1, time_ms;
    if ((*text != '-' && *text != '+') || !take_length(text + 1, &length)) {
        return false;
    }
    if (length.months > 0) {
        time_ms = calendar_add_months(now_ms, sign * length.months);
    } else if (__builtin_add_overflow(now_ms, sign * length.ms, &time_ms)) {
        return false;
    }
    *span = instant_of(time_ms);
    return true;
}

static bool parse_word(const char *text, int64_t now_ms, struct time_span *span)
{
    const struct calendar_step day = {.ms = DAY_MS};
    int64_t midnight_ms = calendar_step_begin(&day, now_ms);
    if (strcmp(text, "now") == 0) {
        *span = instant_of(now_ms);
    } else if (strcmp(text, "today") == 0) {
        *span = day_of(midnight_ms);
    } else if (strcmp(text, "yesterday") == 0) {
        *span = day_of(midnight_ms - DAY_MS);
    } else {
        return false;
    }
    return true;
}

/* 1795528990, 1795528990000 or 20261124. */
static bool parse_number(const char *text, struct time_span *span, struct error *error)
{
    char date[] = "YYYY-MM-DD";
    size_t digits = strlen(text);
    int64_t number;
    if (digits == DATE_DIGITS) {
        snprintf(date, sizeof date, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
        return parse_iso(date, span) ||
               error_set(error, ERROR_USAGE, "time '%s': there is no day %s", text, date);
    }
    if ((digits != SECONDS_DIGITS && digits != MILLISECONDS_DIGITS) ||
        !take_number(&text, 0, &number)) {
        return error_set(error, ERROR_USAGE,
                         "time '%s': a number is a date (8 digits), seconds (10 digits) or "
                         "milliseconds (13 digits) since 1970",
                         text);
    }
    *span = instant_of(digits == SECONDS_DIGITS ? number * 1000 : number);
    return true;
}

bool time_span_parse(const char *text, int64_t now_ms, struct time_span *span, struct error *error)
{
    if (*text != '\0' && text[strspn(text, "0123456789")] == '\0') {
        return parse_number(text, span, error);
    }
    if (!parse_word(text, now_ms, span) && !parse_relative(text, now_ms, span) &&
        !parse_iso(text, span)) {
        return error_set(error, ERROR_USAGE,
                         "time '%s': not understood (write 2026-11-24, 2026-11-24T14:03:10Z, "
                         "2026-11, now, today, yesterday, -24h, or epoch seconds or milliseconds)",
                         text);
    }
    return (span->from_ms >= TIME_MS_MIN && span->from_ms <= TIME_MS_MAX) ||
           error_set(error, ERROR_USAGE, "time '%s': not within the years 1 to 9999", text);
}

bool time_text_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct error *error)
{
    struct time_span span;
    bool done = time_span_parse(text, now_ms, &span, error);
    *time_ms = done ? span.from_ms : 0;
    return done;
}

void time_text_format(int64_t time_ms, char out[static TIME_TEXT_SIZE])
{
    if (time_ms < TIME_MS_MIN || time_ms > TIME_MS_MAX) {
        snprintf(out, TIME_TEXT_SIZE, "%lld", (long long)time_ms);
        return;
    }
    int64_t ms = time_ms % 1000;
    if (ms < 0) {
        ms += 1000;
    }
    time_t seconds = (time_t)((time_ms - ms) / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t length = strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, TIME_TEXT_SIZE - length, ".%03dZ", (int)ms);
}
