/* Arithmetic with numbers that are times 10^8: exact, then rounded there, halves away from zero.
 * What is not known, or beyond 64 bits, is unknown. */
#pragma once

#include "model/maybe.h"

struct maybe_int e8_product(struct maybe_int a_e8, struct maybe_int b_e8);
struct maybe_int e8_fraction(struct maybe_int dividend_e8, struct maybe_int divisor_e8);
