/* Times and durations as people write them, to and from milliseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/error.h"

#define TIME_TEXT_SIZE 40

/* Years 0001 to 9999: what ISO-8601 can say in four digits. */
#define TIME_MS_MIN INT64_C(-62135596800000)
#define TIME_MS_MAX INT64_C(253402300799999)

/* What a text says: a moment, whose from_ms and to_ms are the same, or a whole day or month of UTC,
 * [from_ms, to_ms). */
struct time_span {
    enum { TIME_INSTANT, TIME_DAY, TIME_MONTH } kind;
    int64_t from_ms;
    int64_t to_ms;
};

/* Reads a day (`2026-11-24`, `20261124`, `today`, `yesterday`), a month (`2026-11`), or a moment:
 * `2026-11-24T14:03[:10[.123]][Z|+02:00]` (a space may stand for the T; UTC when no zone is named),
 * epoch seconds (ten digits) or milliseconds (thirteen), `now`, or one so far from now, such as
 * `-24h`, `-1w` or `-1mo` (by the calendar: the same time of day, on the same day of the month or
 * on its last). ERROR_USAGE for other numbers, which would be a time of 1970 to one and a date to
 * another, and for what is not within the years 1 to 9999. */
bool time_span_parse(const char *text, int64_t now_ms, struct time_span *span, struct error *error);

/* The same where one moment is meant: a day or a month is its beginning. */
bool time_text_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct error *error);

/* Writes `2026-11-24T14:03:10.123Z`; a time outside the years 1 to 9999 is written as its number.
 */
void time_text_format(int64_t time_ms, char out[static TIME_TEXT_SIZE]);

/* Reads `100ms`, `10s`, `5m`, `1h`, `1d`, `1w`: a whole number over 0 and its unit. */
bool duration_parse(const char *text, int64_t *duration_ms, struct error *error);

/* The same, and `1mo`, `1y`, to cut time by. */
bool step_parse(const char *text, struct calendar_step *step, struct error *error);
