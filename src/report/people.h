/* How people read the names and the values of a page's columns: "Margin ratio, highest" for
 * margin_ratio_max, 12,345.67 for USD, +1.50 for what was won, 4.2 % for a share, 2 h 5 min for
 * seconds, times without milliseconds. What a column holds is told by its name, as the views and
 * reports name them. */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

enum people_unit {
    PEOPLE_PLAIN,  /* as it is, with separators of thousands */
    PEOPLE_NUMBER, /* an id: as it is */
    PEOPLE_USD,    /* two decimals */
    PEOPLE_PRICE,  /* seven digits */
    PEOPLE_CHANGE, /* as it is, with its sign */
    PEOPLE_CHANGE_USD,
    PEOPLE_SHARE,    /* percent */
    PEOPLE_DURATION, /* of seconds */
    PEOPLE_TIME,     /* milliseconds since 1970 */
};

enum people_unit people_unit_of(const char *column);

/* The unit of that name, as page_answer says it. */
enum people_unit people_unit_named(const char *name);

void people_append_name(const char *column, struct text *out);

/* 2026-11-16 00:00:00, in UTC. */
void people_append_time(int64_t time_ms, struct text *out);

/* Appends the value; nothing for NULL. Returns -1 for a loss, 1 for a gain, where it is a change,
 * else 0. */
int people_append_value(sqlite3_stmt *statement, int column, enum people_unit unit,
                        struct text *out);
