#include "model/leg_hour.h"

#include <math.h>
#include <stdlib.h>

#include "model/leg_figures.h"
#include "model/row_kinds.h"

/* What is kept of each figure, in the order of the table's columns. */
enum { FIRST, LAST, MIN, MAX, KEPT_COUNT };

struct leg_hour_values {
    struct maybe_int of[LEG_FIGURE_COUNT][KEPT_COUNT];
};

__extension__ typedef __int128 wide;

/* Whether reported and computed PnL are further apart than decimals explain: the sums of
 * pnl_history, step by step, so that they come out alike. */
static bool pnl_differs(const struct row *position, const struct row *valuation,
                        struct maybe_int size_e8)
{
    struct maybe_int pnl = row_number(valuation, VALUATION_UNREALIZED_PNL);
    struct maybe_int amount = row_number(position, POSITION_AMOUNT);
    int64_t entry = position->values[POSITION_ENTRY_PRICE];
    int64_t mark = valuation->values[VALUATION_MARK_PRICE];
    if (!pnl.known || !amount.known) {
        return false;
    }
    if (amount.value == 0) {
        return pnl.value < -1 || pnl.value > 1;
    }
    if (entry == 0 || mark == 0 || !size_e8.known) {
        return false;
    }
    double size = (double)size_e8.value / 1e8, entry_e8 = (double)entry, mark_e8 = (double)mark;
    double moved = (double)((wide)mark - entry);
    double expected = (double)amount.value * size * moved / entry_e8 / mark_e8 * 1e8;
    double half = (amount.value > 0) == (mark > entry) ? 0.5 : -0.5;
    double tolerance = 1.5e-8 + 1e-8 * fabs((double)amount.value / 1e8) * size *
                                    (1e16 / entry_e8 / entry_e8 + 1e16 / mark_e8 / mark_e8);
    return fabs((double)pnl.value - trunc(expected + half)) / 1e8 > tolerance;
}

static bool is_finding(const struct row *position, const struct row *valuation,
                       struct maybe_int size_e8)
{
    return pnl_differs(position, valuation, size_e8) ||
           (valuation->values[VALUATION_ISOLATED_MARGIN] != 0 &&
            span_is(row_text(position, POSITION_MARGIN_TYPE), "cross"));
}

/* What a leg that stands flat says: 0, and no distance. */
static bool is_flat(const struct maybe_int now[static LEG_FIGURE_COUNT])
{
    bool flat = !now[LEG_LIQUIDATION_DISTANCE].known;
    for (int i = 0; i < LEG_LIQUIDATION_DISTANCE; i++) {
        flat = flat && now[i].known && now[i].value == 0;
    }
    return flat;
}

static void take(struct maybe_int kept[static KEPT_COUNT], struct maybe_int now)
{
    kept[LAST] = now;
    if (now.known) {
        kept[MIN] = kept[MIN].known && kept[MIN].value < now.value ? kept[MIN] : now;
        kept[MAX] = kept[MAX].known && kept[MAX].value > now.value ? kept[MAX] : now;
    }
}

static void begin(struct leg_hour_values *values,
                  const struct maybe_int now[static LEG_FIGURE_COUNT])
{
    *values = (struct leg_hour_values){0};
    for (int i = 0; i < LEG_FIGURE_COUNT; i++) {
        values->of[i][FIRST] = now[i];
        take(values->of[i], now[i]);
    }
}

static const struct maybe_int FLAT[LEG_FIGURE_COUNT] = {
    [LEG_PNL] = {true, 0},
    [LEG_PNL_USD] = {true, 0},
    [LEG_ISOLATED_MARGIN] = {true, 0},
    [LEG_INITIAL_MARGIN] = {true, 0},
};

bool leg_hour_add(struct leg_hour *hour, const struct row *position, const struct row *valuation,
                  struct maybe_int contract_size_e8)
{
    struct maybe_int now[LEG_FIGURE_COUNT];
    leg_figures(position, valuation, contract_size_e8, now);
    bool is_first = hour->valuations == 0;
    if (hour->values == NULL && !is_flat(now)) {
        hour->values = malloc(sizeof *hour->values);
        if (hour->values == NULL) {
            return false;
        }
        begin(hour->values, is_first ? now : FLAT);
    }
    for (int i = 0; i < LEG_FIGURE_COUNT && hour->values != NULL; i++) {
        take(hour->values->of[i], now[i]);
    }
    hour->last_ms = valuation->values[VALUATION_TIME_MS];
    hour->first_ms = is_first ? hour->last_ms : hour->first_ms;
    hour->valuations++;
    hour->findings += is_finding(position, valuation, contract_size_e8);
    return true;
}

bool leg_hour_to_row(const struct leg_hour *hour, struct row *row)
{
    struct leg_hour_values flat;
    begin(&flat, FLAT);
    const struct leg_hour_values *values = hour->values != NULL ? hour->values : &flat;
    if (!row_begin(row, &ROW_KINDS[ROW_LEG_HOUR])) {
        return false;
    }
    row_set(row, LEG_HOUR_HOUR_MS, hour_of(hour->first_ms));
    row_set(row, LEG_HOUR_FIRST_MS, hour->first_ms);
    row_set(row, LEG_HOUR_LAST_MS, hour->last_ms);
    row_set(row, LEG_HOUR_VALUATIONS, hour->valuations);
    row_set(row, LEG_HOUR_FINDINGS, hour->findings);
    for (int i = 0; i < LEG_FIGURE_COUNT; i++) {
        for (int k = 0; k < KEPT_COUNT; k++) {
            row_set_number(row, LEG_HOUR_QUANTITIES + i * KEPT_COUNT + k, values->of[i][k]);
        }
    }
    return true;
}

void leg_hour_clear(struct leg_hour *hour)
{
    free(hour->values);
    *hour = (struct leg_hour){0};
}
