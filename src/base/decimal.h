/* Exact decimals: the exchange's decimal strings as int64 at a fixed scale, by digits, never
 * through double. A value at scale 8 (`_e8`) holds up to 92233720368.54775807 to eight places. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define DECIMAL_SCALE 8
#define DECIMAL_ONE INT64_C(100000000)
#define DECIMAL_TEXT_SIZE 24
#define DECIMAL_REAL_TEXT_SIZE 400

enum decimal_result {
    DECIMAL_OK,
    DECIMAL_NOT_A_NUMBER,
    DECIMAL_OUT_OF_RANGE, /* |x| > INT64_MAX at the scale, after rounding; INT64_MIN is out too */
};

/* Reads `-?digits[.digits][(e|E)[+-]digits]` and nothing around it. Digits past `scale` places are
 * rounded half to even and set *rounded when any of them was not 0. The outputs are set only for
 * DECIMAL_OK. `scale` is 0 to 18. */
enum decimal_result decimal_parse(struct span text, int scale, int64_t *value, bool *rounded);

/* Writes a value at scale 8 with no needless zeros ("-0.5", "12"); returns the length. */
size_t decimal_format_e8(int64_t value_e8, char out[static DECIMAL_TEXT_SIZE]);

/* Writes a double as the shortest decimal that reads back as the same double, without an exponent
 * ("0.00005866"). Infinities and NaN, which SQLite never stores, give "0". Returns the length. */
size_t decimal_format_real(double value, char out[static DECIMAL_REAL_TEXT_SIZE]);

/* The same, with a point always ("5.0"): not to be taken for an integer. */
size_t decimal_format_pointed(double value, char out[static DECIMAL_REAL_TEXT_SIZE]);
