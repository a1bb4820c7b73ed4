/* Every kind of row that posrec derives, each described once, in row_kinds.c. */
#pragma once

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
    ROW_ACCOUNT_TOTAL,
    ROW_SYMBOL_CONFIG,
    ROW_ACCOUNT_CONFIG,
    ROW_INCOME,
    ROW_MARK,
    ROW_FUNDING_RATE,
    ROW_ASSET_INDEX,
    ROW_LEG_HOUR,
    ROW_POLL_HOUR,
    ROW_KNOWN_SPAN,
    ROW_CONTRACT_TERM,
    ROW_BALANCE_HOUR,
    ROW_BALANCE_CHANGE,
    ROW_KIND_COUNT,
};

extern const struct row_kind ROW_KINDS[ROW_KIND_COUNT];

/* Whether rows of a kind are written when an hour is over, of what it had. */
static inline bool row_kind_is_hour(const struct row_kind *kind)
{
    return kind == &ROW_KINDS[ROW_LEG_HOUR] || kind == &ROW_KINDS[ROW_POLL_HOUR] ||
           kind == &ROW_KINDS[ROW_BALANCE_HOUR] || kind == &ROW_KINDS[ROW_BALANCE_CHANGE];
}

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
    TRADE_TIME_MS = 1,
    TRADE_ID,
};
enum {
    BALANCE_WALLET_BALANCE = 5,
    BALANCE_MARGIN_BALANCE = 9,
    BALANCE_MAINTENANCE_MARGIN,
};

enum {
    MARK_TIME_MS = 1,
};
enum {
    ASSET_INDEX_SYMBOL = 1,
    ASSET_INDEX_TIME_MS,
    ASSET_INDEX_INDEX_PRICE = 4,
};

enum {
    INCOME_TIME_MS = 1,
    INCOME_TYPE,
    INCOME_SYMBOL = 5,
};

/* ... those of a contract's terms, ... */
enum {
    CONTRACT_TERM_CONTRACT_ID,
    CONTRACT_TERM_CAPTURE_ID,
    CONTRACT_TERM_FROM_MS,
    CONTRACT_TERM_PAIR,
    CONTRACT_TERM_MARGIN_ASSET,
    CONTRACT_TERM_CONTRACT_TYPE,
    CONTRACT_TERM_DELIVERY_MS,
    CONTRACT_TERM_CONTRACT_SIZE,
    CONTRACT_TERM_SOURCE,
};

/* ... and those of what is known. */
enum {
    KNOWN_SPAN_ACCOUNT_ID,
    KNOWN_SPAN_KIND,
    KNOWN_SPAN_SYMBOL,
    KNOWN_SPAN_TO_MS,
    KNOWN_SPAN_FROM_MS,
    KNOWN_SPAN_CAPTURE_ID,
    KNOWN_SPAN_INTERVAL_MS,
};
