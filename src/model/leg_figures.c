#include "model/leg_figures.h"

#include "base/decimal.h"
#include "model/row_kinds.h"

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

static struct maybe_int initial_margin(const struct row *position, int64_t mark_e8,
                                       struct maybe_int size_e8)
{
    struct maybe_int amount_e8 = row_number(position, POSITION_AMOUNT);
    struct maybe_int leverage = row_number(position, POSITION_LEVERAGE);
    if (amount_e8.known && amount_e8.value == 0) {
        return amount_e8;
    }
    if (!amount_e8.known || !leverage.known || !size_e8.known) {
        return (struct maybe_int){0};
    }
    wide amount = amount_e8.value < 0 ? -(wide)amount_e8.value : amount_e8.value;
    return divide(amount * size_e8.value, (wide)mark_e8 * leverage.value);
}

static struct maybe_int liquidation_distance(int64_t amount_e8, int64_t mark_e8, int64_t price_e8)
{
    if (mark_e8 <= 0 || price_e8 <= 0 || amount_e8 == 0) {
        return (struct maybe_int){0};
    }
    wide to_go = amount_e8 > 0 ? mark_e8 - price_e8 : price_e8 - mark_e8;
    return divide(to_go * DECIMAL_ONE, mark_e8);
}

void leg_figures(const struct row *position, const struct row *valuation,
                 struct maybe_int contract_size_e8,
                 struct maybe_int figures[static LEG_FIGURE_COUNT])
{
    struct maybe_int mark_e8 = row_number(valuation, VALUATION_MARK_PRICE);
    figures[LEG_PNL] = row_number(valuation, VALUATION_UNREALIZED_PNL);
    /* Of what is no contract of the product's the PnL is in nobody knows what. */
    figures[LEG_PNL_USD] =
        contract_size_e8.known ? e8_product(figures[LEG_PNL], mark_e8) : (struct maybe_int){0};
    figures[LEG_ISOLATED_MARGIN] = row_number(valuation, VALUATION_ISOLATED_MARGIN);
    /* What is not known is 0 here, which stands for nothing below a division. */
    figures[LEG_INITIAL_MARGIN] = initial_margin(position, mark_e8.value, contract_size_e8);
    figures[LEG_LIQUIDATION_DISTANCE] =
        liquidation_distance(position->values[POSITION_AMOUNT], mark_e8.value,
                             valuation->values[VALUATION_LIQUIDATION_PRICE]);
}
