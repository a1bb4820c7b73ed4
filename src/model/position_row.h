/* One element of a positionRisk response: a leg's state as the exchange says it, its decimals exact
 * integers at scale 8 (`_e8`), its unknown fields kept as they were written. */
#ifndef POSREC_MODEL_POSITION_ROW_H
#define POSREC_MODEL_POSITION_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/maybe.h"

/* The integer columns. Those before POSITION_COLUMN_COUNT change by action and live in the table
 * `position`; those from there on change with the market and live in `valuation`. */
enum position_column {
    COLUMN_POSITION_AMOUNT, /* contracts, signed, e8 */
    COLUMN_ENTRY_PRICE,     /* quote for one coin, e8, as all prices */
    COLUMN_BREAK_EVEN_PRICE,
    COLUMN_LEVERAGE,        /* whole */
    COLUMN_MAX_QUANTITY,    /* e8 */
    COLUMN_AUTO_ADD_MARGIN, /* 0 or 1 */
    COLUMN_ISOLATED_WALLET, /* margin asset, e8 */
    POSITION_COLUMN_COUNT,
    COLUMN_MARK_PRICE = POSITION_COLUMN_COUNT,
    COLUMN_UNREALIZED_PNL, /* margin asset, e8 */
    COLUMN_LIQUIDATION_PRICE,
    COLUMN_ISOLATED_MARGIN, /* margin asset, e8 */
    COLUMN_NOTIONAL_VALUE,  /* margin asset, e8 */
    COLUMN_COUNT,
};

struct position_row {
    struct text symbol;
    struct text position_side; /* BOTH, LONG, SHORT, or what the exchange may add */
    bool has_update_time;      /* always, once it is parsed */
    int64_t update_ms;
    unsigned known;               /* bit i: the value of column i was given */
    int64_t values[COLUMN_COUNT]; /* 0 where it was not; see position_row_column() */
    bool has_margin_type;
    struct text margin_type;
    bool position_rounded;  /* one of the position's own decimals had more than 8 places */
    bool valuation_rounded; /* likewise of the valuation's */
    struct text extra;   /* JSON object of the fields without a column; empty when there is none */
    uint64_t extra_keys; /* position_row_extra_keys() of it */
};

/* A column's value, and setting it. */
static inline struct maybe_int position_row_column(const struct position_row *row, int column)
{
    return (struct maybe_int){(row->known >> column & 1u) != 0, row->values[column]};
}

static inline void position_row_set(struct position_row *row, int column, struct maybe_int value)
{
    unsigned bit = 1u << column;
    row->known = value.known ? row->known | bit : row->known & ~bit;
    row->values[column] = value.known ? value.value : 0;
}

void position_row_free(struct position_row *row);

/* Reads one element into `row`, which may hold an earlier one. The error names the field and what
 * is wrong with it. Only symbol, positionSide and updateTime must be there. */
bool position_row_parse(struct span element, struct position_row *row, struct error *error);

/* A fingerprint of the set of keys in an `extra` object, whatever their order; 0 for none. */
uint64_t position_row_extra_keys(struct span extra);

/* Whether the columns of `position` (or `valuation`) are all the same; `extra` does not count. */
bool position_row_same_position(const struct position_row *a, const struct position_row *b);
bool position_row_same_valuation(const struct position_row *a, const struct position_row *b);

/* The amount is known and not 0. */
bool position_row_is_open(const struct position_row *row);

#endif
