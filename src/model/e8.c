#include "model/e8.h"

#include "base/decimal.h"

__extension__ typedef __int128 wide;

/* Divides, halves away from zero. Unknown when the divisor is 0 or the quotient too large. */
static struct maybe_int divide(wide dividend, wide divisor)
{
    if (divisor == 0) {
        return (struct maybe_int){0};
    }
    bool negative = (dividend < 0) != (divisor < 0);
    wide above = dividend < 0 ? -dividend : dividend, below = divisor < 0 ? -divisor : divisor;
    wide quotient = above / below, rest = above % below;
    quotient += rest >= below - rest;
    return quotient <= INT64_MAX ? maybe_of((int64_t)(negative ? -quotient : quotient))
                                 : (struct maybe_int){0};
}

struct maybe_int e8_product(struct maybe_int a_e8, struct maybe_int b_e8)
{
    return a_e8.known && b_e8.known ? divide((wide)a_e8.value * b_e8.value, DECIMAL_ONE)
                                    : (struct maybe_int){0};
}

struct maybe_int e8_fraction(struct maybe_int dividend_e8, struct maybe_int divisor_e8)
{
    return dividend_e8.known && divisor_e8.known
               ? divide((wide)dividend_e8.value * DECIMAL_ONE, divisor_e8.value)
               : (struct maybe_int){0};
}
