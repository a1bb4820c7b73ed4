/* Times and durations as people write them, to and from milliseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define TIME_TEXT_SIZE 40

/* Years 0001 to 9999: what ISO-8601 can say in four digits. */
#define TIME_MS_MIN INT64_C(-62135596800000)
#define TIME_MS_MAX INT64_C(253402300799999)

/* Reads `2026-11-24`, `2026-11-24T14:03[:10[.123]][Z|+02:00]` (a space may stand for the T; UTC
 * when no zone is named), epoch seconds (a number of up to ten digits) or milliseconds (of more),
 * `now`, or a duration from now such as `-24h`. A signed number without a unit is refused: it would
 * be a time before 1970 to one and hours to another. */
bool time_text_parse(const char *text, int64_t now_ms, int64_t *time_ms, struct error *error);

/* Writes `2026-11-24T14:03:10.123Z`; a time outside the years 1 to 9999 is written as its number.
 */
void time_text_format(int64_t time_ms, char out[static TIME_TEXT_SIZE]);

/* Reads `100ms`, `10s`, `5m`, `1h`, `1d`: a whole number over 0 and its unit. */
bool duration_parse(const char *text, int64_t *duration_ms, struct error *error);
