#include "report/people.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/time_text.h"
#include "report/cell.h"
#include "store/file/database.h"

/* Names that their words do not say well enough. */
static const struct {
    const char *column, *name;
} NAMES[] = {
    {"position_side", "Side"},
    {"position_amount", "Contracts"},
    {"previous_position_amount", "Contracts before"},
    {"max_amount", "Most contracts"},
    {"max", "Highest"},
    {"min", "Lowest"},
    {"max_usd", "Highest, USD"},
    {"min_usd", "Lowest, USD"},
    {"margin_ratio_max", "Margin ratio, highest"},
    {"liquidation_distance", "To liquidation"},
    {"liquidation_distance_min", "To liquidation, least"},
    {"unrealized_pnl_usd", "Unrealized, USD"},
    {"max_favourable", "Best"},
    {"max_adverse", "Worst"},
    {"opened_ms", "Opened"},
    {"closed_ms", "Closed"},
    {"time_ms", "Time"},
    {"year_pnl_usd", "Whole year"},
    {"fees_usd", "Fees"},
};

/* What a name ends with, or has in it, and what that says. The first that fits counts. */
static const struct {
    const char *part;
    bool ends;
    enum people_unit unit;
} UNITS[] = {
    {"capture", false, PEOPLE_NUMBER},
    {"_id", true, PEOPLE_NUMBER},
    {"_ms", true, PEOPLE_TIME},
    {"pnl_usd", false, PEOPLE_CHANGE_USD},
    {"change_usd", true, PEOPLE_CHANGE_USD},
    {"funding_usd", true, PEOPLE_CHANGE_USD},
    {"commission_usd", true, PEOPLE_CHANGE_USD},
    {"fees_usd", true, PEOPLE_CHANGE_USD},
    {"other_usd", true, PEOPLE_CHANGE_USD},
    {"total_usd", true, PEOPLE_CHANGE_USD},
    {"income_usd", true, PEOPLE_CHANGE_USD},
    {"_usd", true, PEOPLE_USD},
    {"pnl", false, PEOPLE_CHANGE},
    {"funding", true, PEOPLE_CHANGE},
    {"income", true, PEOPLE_CHANGE},
    {"total", true, PEOPLE_CHANGE},
    {"change", true, PEOPLE_CHANGE},
    {"favourable", true, PEOPLE_CHANGE},
    {"adverse", true, PEOPLE_CHANGE},
    {"expectancy", true, PEOPLE_CHANGE},
    {"average_won", true, PEOPLE_CHANGE},
    {"average_lost", true, PEOPLE_CHANGE},
    {"price", true, PEOPLE_PRICE},
    {"share", true, PEOPLE_SHARE},
    {"covered", true, PEOPLE_SHARE},
    {"margin_ratio", false, PEOPLE_SHARE},
    {"liquidation_distance", false, PEOPLE_SHARE},
    {"_s", true, PEOPLE_DURATION},
};

#define TIME_SIZE 24 /* of an ISO time to the millisecond */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

enum people_unit people_unit_of(const char *column)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (UNITS[i].ends ? ends_with(column, UNITS[i].part)
                          : strstr(column, UNITS[i].part) != NULL) {
            return UNITS[i].unit;
        }
    }
    return PEOPLE_PLAIN;
}

enum people_unit people_unit_named(const char *name)
{
    static const struct {
        const char *name;
        enum people_unit unit;
    } NAMED[] = {{"usd", PEOPLE_USD},
                 {"change", PEOPLE_CHANGE_USD},
                 {"share", PEOPLE_SHARE},
                 {"age", PEOPLE_DURATION}};
    for (size_t i = 0; i < sizeof NAMED / sizeof NAMED[0]; i++) {
        if (strcmp(name, NAMED[i].name) == 0) {
            return NAMED[i].unit;
        }
    }
    return PEOPLE_PLAIN;
}

static void append_word(struct span word, bool first, struct text *out)
{
    static const char *const CAPITALS[][2] = {{"pnl", "PnL"}, {"usd", "USD"}, {"id", "ID"}};
    for (size_t i = 0; i < sizeof CAPITALS / sizeof CAPITALS[0]; i++) {
        if (word.size == strlen(CAPITALS[i][0]) &&
            memcmp(word.data, CAPITALS[i][0], word.size) == 0) {
            text_append_string(out, CAPITALS[i][1]);
            return;
        }
    }
    if (word.size > 0) {
        text_append_char(out, first && *word.data >= 'a' && *word.data <= 'z'
                                  ? (char)(*word.data - 'a' + 'A')
                                  : *word.data);
        text_append_span(out, (struct span){word.data + 1, word.size - 1});
    }
}

static bool is_month(const char *column)
{
    return strlen(column) == strlen("jan_pnl_usd") && ends_with(column, "_pnl_usd") &&
           strncmp(column, "net", 3) != 0;
}

void people_append_name(const char *column, struct text *out)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(column, NAMES[i].column) == 0) {
            text_append_string(out, NAMES[i].name);
            return;
        }
    }
    size_t size = is_month(column) ? 3 : strlen(column);
    enum people_unit unit = people_unit_of(column);
    size -= size > 3 && unit == PEOPLE_DURATION ? 2 : size > 3 && unit == PEOPLE_TIME ? 3 : 0;
    for (size_t i = 0; i < size;) {
        const char *end = memchr(column + i, '_', size - i);
        struct span word = {column + i, end == NULL ? size - i : (size_t)(end - column) - i};
        text_append_string(out, i == 0                                     ? ""
                                : ends_with(column, "_usd") && end == NULL ? ", "
                                                                           : " ");
        append_word(word, i == 0, out);
        i += word.size + 1;
    }
}

/* Digits with a comma before each three of those before the point. */
static void append_digits(struct text *out, const char *digits)
{
    size_t whole = strcspn(digits, ".e");
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) {
            text_append_char(out, ',');
        }
        text_append_char(out, digits[i]);
    }
}

static int append_number(const char *digits, bool is_change, struct text *out)
{
    bool negative = *digits == '-';
    digits += negative;
    bool zero = strspn(digits, "0.") == strlen(digits);
    int sign = zero ? 0 : negative ? -1 : 1;
    text_append_string(out, sign < 0 ? "-" : sign > 0 && is_change ? "+" : "");
    append_digits(out, digits);
    return is_change ? sign : 0;
}

/* Seven digits, but two decimals at least and eight at most. */
static int price_places(double price)
{
    int places = 2;
    for (double size = fabs(price); size < 10000 && places < 8; size *= 10) {
        places++;
    }
    return places;
}

static void append_duration(int64_t seconds, struct text *out)
{
    long long s = seconds < 0 ? 0 : seconds;
    if (s < 60) {
        text_printf(out, "%lld s", s);
    } else if (s < 3600) {
        text_printf(out, "%lld min %lld s", s / 60, s % 60);
    } else if (s < 2 * 86400) {
        text_printf(out, "%lld h %lld min", s / 3600, s / 60 % 60);
    } else {
        text_printf(out, "%lld d %lld h", s / 86400, s / 3600 % 24);
    }
}

/* 2026-11-16T00:00:00.000Z as 2026-11-16 00:00:00; another text as it is. */
static void append_text(struct span text, struct text *out)
{
    if (text.size == TIME_SIZE && text.data[10] == 'T' && text.data[text.size - 1] == 'Z') {
        text_append_span(out, (struct span){text.data, 10});
        text_append_char(out, ' ');
        text_append_span(out, (struct span){text.data + 11, 8});
    } else {
        text_append_span(out, text);
    }
}

void people_append_time(int64_t time_ms, struct text *out)
{
    char time[TIME_TEXT_SIZE];
    time_text_format(time_ms, time);
    append_text(span_of(time), out);
}

int people_append_value(sqlite3_stmt *statement, int column, enum people_unit unit,
                        struct text *out)
{
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_TEXT) {
        append_text(column_span(statement, column), out);
        return 0;
    }
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
        return 0;
    }
    double value = sqlite3_column_double(statement, column);
    struct text digits = {0};
    int sign = 0;
    switch (unit) {
    case PEOPLE_TIME:
        people_append_time(sqlite3_column_int64(statement, column), out);
        break;
    case PEOPLE_DURATION:
        append_duration(sqlite3_column_int64(statement, column), out);
        break;
    case PEOPLE_SHARE:
        text_printf(&digits, "%.*f", fabs(value) < 0.1 ? 2 : 1, value * 100);
        append_number(text_string(&digits), false, out);
        text_append_string(out, " %");
        break;
    case PEOPLE_PRICE:
        text_printf(&digits, "%.*f", price_places(value), value);
        append_number(text_string(&digits), false, out);
        break;
    case PEOPLE_USD:
    case PEOPLE_CHANGE_USD:
        text_printf(&digits, "%.2f", value);
        sign = append_number(text_string(&digits), unit == PEOPLE_CHANGE_USD, out);
        break;
    case PEOPLE_NUMBER:
        cell_append_text(statement, column, out);
        break;
    default:
        cell_append_text(statement, column, &digits);
        sign = append_number(text_string(&digits), unit == PEOPLE_CHANGE, out);
        break;
    }
    out->failed |= digits.failed;
    text_free(&digits);
    return sign;
}
