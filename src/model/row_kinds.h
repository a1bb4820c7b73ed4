/* Every kind of row that posrec derives, each described once, in row_kinds.c. */
#ifndef POSREC_MODEL_ROW_KINDS_H
#define POSREC_MODEL_ROW_KINDS_H

#include "model/row.h"

/* The kinds, so that a row that another refers to comes first. */
enum row_kind_id {
    ROW_POSITION,
    ROW_VALUATION,
    ROW_ACCOUNT_UPDATE,
    ROW_POSITION_UPDATE,
    ROW_BALANCE_UPDATE,
    ROW_LEVERAGE_UPDATE,
    ROW_MARGIN_CALL,
    ROW_TRADE,
    ROW_BALANCE,
    ROW_LEG_MARGIN,
    ROW_INCOME,
    ROW_LEG_HOUR,
    ROW_POLL_HOUR,
    ROW_KIND_COUNT,
};

extern const struct row_kind ROW_KINDS[ROW_KIND_COUNT];

/* The columns of series that code names, ... */
enum {
    POSITION_LEG_ID,
    POSITION_UPDATE_MS,
    POSITION_REVISION,
    POSITION_CAPTURE_ID,
    POSITION_AMOUNT,
    POSITION_ENTRY_PRICE,
    POSITION_LEVERAGE = 7,
    POSITION_MARGIN_TYPE = 9,
    POSITION_PRESENT = 12,
    POSITION_ROUNDED,
    POSITION_EXTRA,
};
enum {
    VALUATION_LEG_ID,
    VALUATION_TIME_MS,
    VALUATION_UPDATE_MS,
    VALUATION_REVISION,
    VALUATION_MARK_PRICE,
    VALUATION_UNREALIZED_PNL,
    VALUATION_LIQUIDATION_PRICE,
    VALUATION_ISOLATED_MARGIN,
    VALUATION_ROUNDED = 9,
};
enum {
    BALANCE_WALLET_BALANCE = 5,
    BALANCE_MARGIN_BALANCE = 9,
    BALANCE_MAINTENANCE_MARGIN,
};

enum {
    INCOME_TIME_MS = 1,
    INCOME_TYPE,
};

/* ... and those of the summaries. Of each quantity four columns follow one another. */
enum {
    LEG_HOUR_LEG_ID,
    LEG_HOUR_HOUR_MS,
    LEG_HOUR_FIRST_MS,
    LEG_HOUR_LAST_MS,
    LEG_HOUR_VALUATIONS,
    LEG_HOUR_FINDINGS,
    LEG_HOUR_QUANTITIES,
};
enum {
    POLL_HOUR_ACCOUNT_ID,
    POLL_HOUR_HOUR_MS,
    POLL_HOUR_OK,
    POLL_HOUR_FAILED,
    POLL_HOUR_GAPS,
};

#endif
