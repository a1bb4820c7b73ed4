#include "base/time_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUMBER_DIGITS_MAX 18

/* Seconds have ten digits until the year 2286, milliseconds eleven and more since March 1970. */
#define SECONDS_DIGITS_MAX 10

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

static bool take_duration(const char *text, int64_t *duration_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t number;
    if (!take_number(&text, 0, &number)) {
        return false;
    }
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (strcmp(text, UNITS[i].name) == 0) {
            return !__builtin_mul_overflow(number, UNITS[i].ms, duration_ms);
        }
    }
    return false;
}

bool duration_parse(const char *text, int64_t *duration_ms, struct error *error)
{
    if (!take_duration(text, duration_ms) || *duration_ms <= 0) {
        return error_set(error, ERROR_USAGE,
                         "duration '%s': not understood (write 100ms, 10s, 5m, 1h or 1d)", text);
    }
    return true;
}

static bool take_date(const char **text, struct tm *day)
{
    int64_t year, month, date;
    if (!take_number(text, 4, &year) || !take_char(text, '-') || !take_number(text, 2, &month) ||
        !take_char(text, '-') || !take_number(text, 2, &date)) {
        return false;
    }
    day->tm_year = (int)year - 1900;
    day->tm_mon = (int)month - 1;
    day->tm_mday = (int)date;
    return year >= 1 && month >= 1 && month <= 12 && date >= 1 && date <= 31;
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

static bool parse_iso(const char *text, int64_t *time_ms)
{
    struct tm day = {0};
    int64_t of_day_ms = 0, east_ms = 0;
    if (!take_date(&text, &day)) {
        return false;
    }
    int date = day.tm_mday;
    int64_t midnight_ms = (int64_t)timegm(&day) * 1000;
    if (day.tm_mday != date) { /* 31 April: timegm moved on to May */
        return false;
    }
    if (*text != '\0') {
        if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' ')) {
            return false;
        }
        if (!take_time_of_day(&text, &of_day_ms) || !take_zone(&text, &east_ms)) {
            return false;
        }
    }
    *time_ms = midnight_ms + of_day_ms - east_ms;
    return *text == '\0';
}

static bool parse_relative(const char *text, int64_t now_ms, int64_t *time_ms)
{
    int64_t duration_ms;
    if ((*text != '-' && *text != '+') || !take_duration(text + 1, &duration_ms)) {
        return false;
    }
    return *text == '-' ? !__builtin_sub_overflow(now_ms, duration_ms, time_ms)
                        : !__builtin_add_overflow(now_ms, duration_ms, time_ms);
}

static bool parse_epoch(const char *text, int64_t *time_ms)
{
    bool is_seconds = strlen(text) <= SECONDS_DIGITS_MAX;
    if (!take_number(&text, 0, time_ms) || *text != '\0') {
        return false;
    }
    *time_ms *= is_seconds ? 1000 : 1;
    return true;
}

bool time_text_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct error *error)
{
    if (strcmp(text, "now") == 0) {
        *time_ms = now_ms;
        return true;
    }
    if (parse_relative(text, now_ms, time_ms) || parse_epoch(text, time_ms) ||
        parse_iso(text, time_ms)) {
        return true;
    }
    return error_set(error, ERROR_USAGE,
                     "time '%s': not understood (write 2026-11-24, 2026-11-24T14:03:10Z, epoch "
                     "seconds or milliseconds, now or -24h)",
                     text);
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
