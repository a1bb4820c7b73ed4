/* What follows from a leg's position and valuation. The arithmetic is that of the views
 * pnl_history, margin_history and exposure, in integers: PnL x mark for USD, |amount| x contract
 * size / mark / leverage for the initial margin, and the fraction of the mark still to go to the
 * liquidation price. All are times 10^8, rounded there, halves away from zero. What is not known,
 * or beyond 64 bits, is unknown. */
#ifndef POSREC_MODEL_LEG_FIGURES_H
#define POSREC_MODEL_LEG_FIGURES_H

#include "model/maybe.h"
#include "model/row.h"

/* In the order of the columns of `leg_hour`. */
enum leg_figure {
    LEG_PNL, /* unrealized, in the margin asset */
    LEG_PNL_USD,
    LEG_ISOLATED_MARGIN,
    LEG_INITIAL_MARGIN,
    LEG_LIQUIDATION_DISTANCE,
    LEG_FIGURE_COUNT,
};

void leg_figures(const struct row *position, const struct row *valuation,
                 struct maybe_int contract_size_e8,
                 struct maybe_int figures[static LEG_FIGURE_COUNT]);

/* A product, and a fraction, of two numbers that are times 10^8, as such a number. */
struct maybe_int e8_product(struct maybe_int a_e8, struct maybe_int b_e8);
struct maybe_int e8_fraction(struct maybe_int dividend_e8, struct maybe_int divisor_e8);

#endif
