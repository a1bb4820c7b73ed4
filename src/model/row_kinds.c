#include "model/row_kinds.h"

#include <assert.h>

/* A column and the field it comes from; texts are numbered within their row. */
#define FIELD(name)                                                                                \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }
#define NO_FIELD                                                                                   \
    {                                                                                              \
        "", 0                                                                                      \
    }
#define ID(name)                                                                                   \
    {                                                                                              \
        name, COLUMN_ID, NO_FIELD, 0                                                               \
    }
#define CAPTURE                                                                                    \
    {                                                                                              \
        "capture_id", COLUMN_CAPTURE, NO_FIELD, 0                                                  \
    }
#define REVISION                                                                                   \
    {                                                                                              \
        "revision", COLUMN_REVISION, NO_FIELD, 0                                                   \
    }
#define SET(name)                                                                                  \
    {                                                                                              \
        name, COLUMN_WHOLE, NO_FIELD, 0                                                            \
    } /* a number that the derivation sets */
#define WHOLE(name, field)                                                                         \
    {                                                                                              \
        name, COLUMN_WHOLE, FIELD(field), 0                                                        \
    }
#define E8(name, field)                                                                            \
    {                                                                                              \
        name "_e8", COLUMN_E8, FIELD(field), 0                                                     \
    }
#define FLAG(name, field)                                                                          \
    {                                                                                              \
        name, COLUMN_FLAG, FIELD(field), 0                                                         \
    }
#define TEXT(number, name, field)                                                                  \
    {                                                                                              \
        name, COLUMN_TEXT, FIELD(field), number                                                    \
    }
#define ROUNDED                                                                                    \
    {                                                                                              \
        "rounded", COLUMN_ROUNDED, NO_FIELD, 0                                                     \
    }
#define EXTRA(number)                                                                              \
    {                                                                                              \
        "extra", COLUMN_EXTRA, NO_FIELD, number                                                    \
    }

/* GET /dapi/v1/positionRisk: what changes by action, ... */
static const struct column POSITION[] = {
    ID("leg_id"),
    WHOLE("update_ms", "updateTime"),
    REVISION,
    CAPTURE,
    E8("position_amount", "positionAmt"), /* contracts, signed */
    E8("entry_price", "entryPrice"),
    E8("break_even_price", "breakEvenPrice"),
    WHOLE("leverage", "leverage"),
    E8("max_quantity", "maxQty"),
    TEXT(0, "margin_type", "marginType"),
    FLAG("auto_add_margin", "isAutoAddMargin"),
    E8("isolated_wallet", "isolatedWallet"),
    SET("present"),
    ROUNDED,
    EXTRA(1),
};

/* ... and what changes by the market. */
static const struct column VALUATION[] = {
    ID("leg_id"),
    SET("time_ms"),
    WHOLE("update_ms", "updateTime"),
    REVISION,
    E8("mark_price", "markPrice"),
    E8("unrealized_pnl", "unRealizedProfit"),
    E8("liquidation_price", "liquidationPrice"),
    E8("isolated_margin", "isolatedMargin"),
    E8("notional_value", "notionalValue"),
    ROUNDED,
};

#define KIND(table, columns, keys)                                                                 \
    {                                                                                              \
        table, columns, sizeof columns / sizeof columns[0], keys                                   \
    }

const struct row_kind ROW_KINDS[ROW_KIND_COUNT] = {
    [ROW_POSITION] = KIND("position", POSITION, 3),
    [ROW_VALUATION] = KIND("valuation", VALUATION, 2),
};

static_assert(sizeof POSITION / sizeof POSITION[0] <= ROW_COLUMNS_MAX, "a row holds its columns");
