#include "base/decimal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An exponent past this moves any digit that fits in a response out of sight, so it saturates here.
 */
#define EXPONENT_LIMIT INT64_C(1000000000)

struct scanned {
    bool negative;
    struct span whole;
    struct span fraction;
    int64_t exponent;
};

static struct span take_digits(struct span text, size_t *at)
{
    size_t start = *at;
    while (*at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9') {
        ++*at;
    }
    return (struct span){text.data + start, *at - start};
}

static int64_t saturated_number(struct span digits)
{
    int64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        number = number * 10 + (digits.data[i] - '0');
        if (number > EXPONENT_LIMIT) {
            return EXPONENT_LIMIT;
        }
    }
    return number;
}

static bool scan(struct span text, struct scanned *out)
{
    size_t at = 0;
    *out = (struct scanned){0};
    if (text.size == 0) {
        return false;
    }
    if (text.data[at] == '-') {
        out->negative = true;
        at++;
    }
    out->whole = take_digits(text, &at);
    if (out->whole.size == 0) {
        return false;
    }
    if (at < text.size && text.data[at] == '.') {
        at++;
        out->fraction = take_digits(text, &at);
        if (out->fraction.size == 0) {
            return false;
        }
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        bool negative = at < text.size && text.data[at] == '-';
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) {
            at++;
        }
        struct span digits = take_digits(text, &at);
        if (digits.size == 0) {
            return false;
        }
        out->exponent = negative ? -saturated_number(digits) : saturated_number(digits);
    }
    return at == text.size;
}

static int digit_at(const struct scanned *number, size_t index)
{
    return index < number->whole.size ? number->whole.data[index] - '0'
                                      : number->fraction.data[index - number->whole.size] - '0';
}

/* Half to even: `first` is the first digit dropped, `more` whether any digit after it is not 0. */
static bool rounds_up(int64_t kept, int first, bool more)
{
    return first > 5 || (first == 5 && (more || kept % 2 != 0));
}

enum decimal_result decimal_parse(struct span text, int scale, int64_t *value, bool *rounded)
{
    assert(scale >= 0 && scale <= 18);
    struct scanned number;
    if (!scan(text, &number)) {
        return DECIMAL_NOT_A_NUMBER;
    }
    size_t digits = number.whole.size + number.fraction.size;
    /* How many of the digits stand at or before the last place that is kept. */
    int64_t kept_digits = (int64_t)number.whole.size + number.exponent + scale;

    int64_t result = 0;
    size_t index = 0;
    for (; index < digits && (int64_t)index < kept_digits; index++) {
        if (__builtin_mul_overflow(result, 10, &result) ||
            __builtin_add_overflow(result, digit_at(&number, index), &result)) {
            return DECIMAL_OUT_OF_RANGE;
        }
    }
    for (int64_t place = (int64_t)index; result != 0 && place < kept_digits; place++) {
        if (__builtin_mul_overflow(result, 10, &result)) {
            return DECIMAL_OUT_OF_RANGE;
        }
    }
    int first_dropped = kept_digits >= 0 && index < digits ? digit_at(&number, index) : 0;
    bool more_dropped = false;
    for (size_t i = kept_digits >= 0 ? index + 1 : index; i < digits && !more_dropped; i++) {
        more_dropped = digit_at(&number, i) != 0;
    }
    if (rounds_up(result, first_dropped, more_dropped) &&
        __builtin_add_overflow(result, 1, &result)) {
        return DECIMAL_OUT_OF_RANGE;
    }
    *value = number.negative ? -result : result;
    *rounded = first_dropped != 0 || more_dropped;
    return DECIMAL_OK;
}

size_t decimal_format_e8(int64_t value_e8, char out[static DECIMAL_TEXT_SIZE])
{
    uint64_t magnitude = value_e8 < 0 ? 0 - (uint64_t)value_e8 : (uint64_t)value_e8;
    uint64_t one = (uint64_t)DECIMAL_ONE;
    int length =
        snprintf(out, DECIMAL_TEXT_SIZE, "%s%llu.%08llu", value_e8 < 0 ? "-" : "",
                 (unsigned long long)(magnitude / one), (unsigned long long)(magnitude % one));
    while (out[length - 1] == '0') {
        length--;
    }
    if (out[length - 1] == '.') {
        length--;
    }
    out[length] = '\0';
    return (size_t)length;
}

size_t decimal_format_real(double value, char out[static DECIMAL_REAL_TEXT_SIZE])
{
    if (!isfinite(value) || value == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    /* Most are whole numbers over 10^8, and 15 digits name a double: that is the shortest. */
    double scaled = round(value * 1e8);
    if (fabs(scaled) < 1e15 && scaled / 1e8 == value) {
        return decimal_format_e8((int64_t)scaled, out);
    }
    char shortest[40];
    int places = 14;
    do {
        snprintf(shortest, sizeof shortest, "%.*e", places, value);
    } while (strtod(shortest, NULL) != value && places++ < 16);
    /* d.ddddde[+-]xx: print it again in fixed notation with just the places those digits need. */
    const char *e = strchr(shortest, 'e');
    for (const char *p = e - 1; *p == '0'; p--) {
        places--;
    }
    places -= (int)strtol(e + 1, NULL, 10);
    int length = snprintf(out, DECIMAL_REAL_TEXT_SIZE, "%.*f", places > 0 ? places : 0, value);
    return (size_t)length;
}

size_t decimal_format_pointed(double value, char out[static DECIMAL_REAL_TEXT_SIZE])
{
    size_t size = decimal_format_real(value, out);
    if (memchr(out, '.', size) != NULL) {
        return size;
    }
    memcpy(out + size, ".0", 3);
    return size + 2;
}
