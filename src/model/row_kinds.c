#include "model/row_kinds.h"

#include <assert.h>

/* A column and the field it comes from; texts are numbered within their row. */
/* clang-format off */
#define FIELD(name) {{name, sizeof(name) - 1}, {"", 0}}
#define FIELDS(name, answer) {{name, sizeof(name) - 1}, {answer, sizeof(answer) - 1}}
#define NO_FIELD {{"", 0}, {"", 0}}
#define ID(name) {name, COLUMN_ID, NO_FIELD, 0, false}
#define CAPTURE {"capture_id", COLUMN_CAPTURE, NO_FIELD, 0, false}
#define REVISION {"revision", COLUMN_REVISION, NO_FIELD, 0, false}
#define SET(name) {name, COLUMN_WHOLE, NO_FIELD, 0, false} /* a number that the derivation sets */
#define LABEL(number, name) {name, COLUMN_TEXT, NO_FIELD, number, false} /* a text that it sets */
#define WHOLE(name, field) {name, COLUMN_WHOLE, FIELD(field), 0, false}
#define E8(name, field) {name "_e8", COLUMN_E8, FIELD(field), 0, false}
#define E8_OR_EMPTY(name, field) {name "_e8", COLUMN_E8, FIELD(field), 0, true}
#define FLAG(name, field) {name, COLUMN_FLAG, FIELD(field), 0, false}
#define TEXT(number, name, field) {name, COLUMN_TEXT, FIELD(field), number, false}
#define NAME(number, name, field) {name, COLUMN_NAME, FIELD(field), number, false}
#define NAME_OR_EMPTY(number, name, field) {name, COLUMN_NAME, FIELD(field), number, true}
#define AS_GIVEN(number, name, field) {name, COLUMN_AS_GIVEN, FIELD(field), number, false}
#define AS_GIVEN_OR_EMPTY(number, name, field) {name, COLUMN_AS_GIVEN, FIELD(field), number, true}
#define ROUNDED {"rounded", COLUMN_ROUNDED, NO_FIELD, 0, false}
#define EXTRA(number) {"extra", COLUMN_EXTRA, NO_FIELD, number, false}
#define SET_E8(name) {name "_e8", COLUMN_E8, NO_FIELD, 0, false}
#define SUMMARY(name) SET_E8(name "_first"), SET_E8(name "_last"), SET_E8(name "_min"), SET_E8(name "_max")

/* The same with two names: the stream's and that of the answer to userTrades, or each product's. */
#define WHOLE_2(name, field, answer) {name, COLUMN_WHOLE, FIELDS(field, answer), 0, false}
#define E8_2(name, field, answer) {name "_e8", COLUMN_E8, FIELDS(field, answer), 0, false}
#define FLAG_2(name, field, answer) {name, COLUMN_FLAG, FIELDS(field, answer), 0, false}
#define TEXT_2(number, name, field, answer) {name, COLUMN_TEXT, FIELDS(field, answer), number, false}
#define NAME_2(number, name, field, answer) {name, COLUMN_NAME, FIELDS(field, answer), number, false}
#define AS_GIVEN_2(number, name, field, answer) {name, COLUMN_AS_GIVEN, FIELDS(field, answer), number, false}
#define KIND(table, columns, keys) {table, columns, sizeof columns / sizeof columns[0], keys}
/* clang-format on */

/* positionRisk: what changes by action, ... */
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
    E8_2("notional_value", "notionalValue", "notional"),
    ROUNDED,
};

/* The user data stream's ACCOUNT_UPDATE: the message (its `a`), ... */
static const struct column ACCOUNT_UPDATE[] = {
    ID("account_id"),       SET("transaction_ms"),  CAPTURE, SET("event_ms"),
    TEXT(0, "reason", "m"), NAME(1, "symbol", "S"), ROUNDED, EXTRA(2),
};

/* ... each position in it (`P`), ... */
static const struct column POSITION_UPDATE[] = {
    ID("leg_id"),
    SET("transaction_ms"),
    CAPTURE,
    E8("position_amount", "pa"),
    E8("entry_price", "ep"),
    E8("break_even_price", "bep"),
    E8("accumulated_realized", "cr"), /* before fees */
    E8("unrealized_pnl", "up"),
    TEXT(0, "margin_type", "mt"),
    E8("isolated_wallet", "iw"),
    ROUNDED,
    EXTRA(1),
};

/* ... and each balance (`B`). */
static const struct column BALANCE_UPDATE[] = {
    ID("account_id"),
    NAME(0, "asset", "a"),
    SET("transaction_ms"),
    CAPTURE,
    E8("wallet_balance", "wb"),
    E8("cross_wallet_balance", "cw"),
    E8("balance_change", "bc"), /* but for PnL and commission */
    ROUNDED,
    EXTRA(1),
};

/* ACCOUNT_CONFIG_UPDATE (its `ac`). */
static const struct column LEVERAGE_UPDATE[] = {
    ID("account_id"), ID("contract_id"), SET("transaction_ms"), CAPTURE, WHOLE("leverage", "l"),
    ROUNDED,          EXTRA(0),
};

/* MARGIN_CALL: each position in it (`p`). */
static const struct column MARGIN_CALL[] = {
    ID("leg_id"),
    SET("event_ms"),
    CAPTURE,
    E8("position_amount", "pa"),
    TEXT(0, "margin_type", "mt"),
    E8("isolated_wallet", "iw"),
    E8("mark_price", "mp"),
    E8("unrealized_pnl", "up"),
    E8("maintenance_margin", "mm"),
    ROUNDED,
    EXTRA(1),
};

/* ORDER_TRADE_UPDATE (its `o`) when it tells of a trade, and userTrades. */
static const struct column TRADE[] = {
    ID("leg_id"),
    WHOLE_2("time_ms", "T", "time"),
    AS_GIVEN_2(0, "trade_id", "t", "id"),
    LABEL(1, "source"), /* stream, or rest: two witnesses, two rows */
    REVISION,
    CAPTURE,
    AS_GIVEN_2(2, "order_id", "i", "orderId"),
    TEXT_2(3, "side", "S", "side"),
    E8_2("price", "L", "price"),
    E8_2("quantity", "l", "qty"),              /* contracts, unsigned */
    E8_2("realized_pnl", "rp", "realizedPnl"), /* before commission */
    E8_2("commission", "n", "commission"),     /* positive when paid */
    NAME_2(4, "commission_asset", "N", "commissionAsset"),
    FLAG_2("maker", "m", "maker"),
    E8_2("base_quantity", "", "baseQty"), /* the stream does not tell it */
    TEXT_2(5, "execution", "x", ""),      /* nor an answer this */
    ROUNDED,
    EXTRA(6),
};

/* account: what each asset comes to, ... */
static const struct column BALANCE[] = {
    ID("account_id"),
    LABEL(0, "asset"), /* its `asset`, which names the object */
    SET("time_ms"),
    CAPTURE,
    WHOLE("update_ms", "updateTime"), /* when the wallet last changed */
    E8("wallet_balance", "walletBalance"),
    E8("cross_wallet_balance", "crossWalletBalance"),
    E8("unrealized_pnl", "unrealizedProfit"),
    E8("cross_unrealized_pnl", "crossUnPnl"),
    E8("margin_balance", "marginBalance"), /* wallet and unrealized PnL */
    E8("maintenance_margin", "maintMargin"),
    E8("initial_margin", "initialMargin"),
    E8("position_initial_margin", "positionInitialMargin"),
    E8("open_order_initial_margin", "openOrderInitialMargin"),
    E8("available_balance", "availableBalance"),
    E8("max_withdraw", "maxWithdrawAmount"),
    ROUNDED,
    EXTRA(1),
};

/* ... what each position asks for, ... */
static const struct column LEG_MARGIN[] = {
    ID("leg_id"),
    SET("time_ms"),
    CAPTURE,
    WHOLE("update_ms", "updateTime"),
    E8("initial_margin", "initialMargin"),
    E8("maintenance_margin", "maintMargin"),
    E8("position_initial_margin", "positionInitialMargin"),
    E8("open_order_initial_margin", "openOrderInitialMargin"),
    ROUNDED,
    EXTRA(0),
};

/* ... and, where it says so, what all of it comes to: in USDT, or in USD where assets margin one
 * another. */
static const struct column ACCOUNT_TOTAL[] = {
    ID("account_id"),
    SET("time_ms"),
    CAPTURE,
    E8("wallet_balance", "totalWalletBalance"),
    E8("cross_wallet_balance", "totalCrossWalletBalance"),
    E8("unrealized_pnl", "totalUnrealizedProfit"),
    E8("cross_unrealized_pnl", "totalCrossUnPnl"),
    E8("margin_balance", "totalMarginBalance"),
    E8("maintenance_margin", "totalMaintMargin"),
    E8("initial_margin", "totalInitialMargin"),
    E8("position_initial_margin", "totalPositionInitialMargin"),
    E8("open_order_initial_margin", "totalOpenOrderInitialMargin"),
    E8("available_balance", "availableBalance"),
    E8("max_withdraw", "maxWithdrawAmount"),
    ROUNDED,
    EXTRA(0),
};

/* symbolConfig: what positionRisk does not say of USD-M's symbols. */
static const struct column SYMBOL_CONFIG[] = {
    ID("account_id"),
    ID("contract_id"),
    SET("time_ms"),
    CAPTURE,
    WHOLE("leverage", "leverage"),
    TEXT(0, "margin_type", "marginType"),
    FLAG("auto_add_margin", "isAutoAddMargin"),
    E8("max_notional_value", "maxNotionalValue"),
    ROUNDED,
    EXTRA(1),
};

/* accountConfig: the account's own settings. */
static const struct column ACCOUNT_CONFIG[] = {
    ID("account_id"),
    SET("time_ms"),
    CAPTURE,
    FLAG("multi_assets_margin", "multiAssetsMargin"),
    FLAG("dual_side_position", "dualSidePosition"),
    WHOLE("fee_tier", "feeTier"),
    FLAG("can_trade", "canTrade"),
    FLAG("can_deposit", "canDeposit"),
    FLAG("can_withdraw", "canWithdraw"),
    ROUNDED,
    EXTRA(0),
};

/* assetIndex: what an asset is worth ("BTCUSD"). */
static const struct column ASSET_INDEX[] = {
    ID("account_id"), /* as which it was asked */
    NAME(0, "symbol", "symbol"),
    WHOLE("time_ms", "time"),
    CAPTURE,
    E8("index_price", "index"), /* USD for one */
    ROUNDED,
    EXTRA(1),
};

/* income. */
static const struct column INCOME[] = {
    ID("account_id"),
    WHOLE("time_ms", "time"),
    NAME(0, "income_type", "incomeType"),
    AS_GIVEN(1, "tran_id", "tranId"), /* unique within a type */
    NAME(2, "asset", "asset"),
    NAME_OR_EMPTY(3, "symbol", "symbol"),
    REVISION,
    CAPTURE,
    E8("income", "income"),
    TEXT(4, "info", "info"),
    AS_GIVEN_OR_EMPTY(5, "trade_id", "tradeId"),
    ROUNDED,
    EXTRA(6),
};

/* premiumIndex: what a contract is worth, ... */
static const struct column MARK[] = {
    ID("contract_id"),
    WHOLE("time_ms", "time"),
    CAPTURE,
    E8("mark_price", "markPrice"), /* USD for one coin, as the next */
    E8("index_price", "indexPrice"),
    E8_OR_EMPTY("funding_rate", "lastFundingRate"), /* as it is estimated; "" of what pays none */
    ROUNDED,
    EXTRA(0),
};

/* ... and fundingRate: at which rate funding was paid. */
static const struct column FUNDING_RATE[] = {
    ID("contract_id"),
    WHOLE("time_ms", "fundingTime"),
    CAPTURE,
    E8("funding_rate", "fundingRate"),
    E8_OR_EMPTY("mark_price", "markPrice"), /* newer rows have it */
    ROUNDED,
    EXTRA(0),
};

/* What is summed up by the hour of UTC: a leg's valuations, ... */
static const struct column LEG_HOUR[] = {
    ID("leg_id"),
    SET("hour_ms"),
    SET("first_ms"),
    SET("last_ms"),
    SET("valuations"),
    SET("findings"), /* of them, that reconcile has to look at */
    SUMMARY("unrealized_pnl"),
    SUMMARY("unrealized_pnl_usd"),
    SUMMARY("isolated_margin"),
    SUMMARY("initial_margin"),
    SUMMARY("liquidation_distance"), /* a fraction of the mark price */
};

/* ... an account's polls, ... */
static const struct column POLL_HOUR[] = {
    ID("account_id"), SET("hour_ms"), SET("ok"), SET("failed"), SET("gaps"), /* that end in it */
};

/* ... and its balances. */
static const struct column BALANCE_HOUR[] = {
    ID("account_id"),
    LABEL(0, "asset"),
    SET("hour_ms"),
    SET_E8("margin_ratio_max"),
};

/* ... of which these are what reconcile has to look at. */
static const struct column BALANCE_CHANGE[] = {
    ID("account_id"),         LABEL(0, "asset"), SET("time_ms"), SET("update_ms"),
    SET_E8("wallet_balance"), SET("is_state"),   SET("adds_up"),
};

/* What a contract is from a capture on, by its symbol's name or by exchangeInfo. */
static const struct column CONTRACT_TERM[] = {
    ID("contract_id"),        CAPTURE,
    SET("from_ms"),           LABEL(0, "pair"),
    LABEL(1, "margin_asset"), LABEL(2, "contract_type"),
    SET("delivery_ms"),       SET_E8("contract_size"),
    LABEL(3, "source"),
};

/* From when to when the record can speak of something, half-open. */
static const struct column KNOWN_SPAN[] = {
    ID("account_id"), LABEL(0, "kind"), LABEL(1, "symbol"), SET("to_ms"),
    SET("from_ms"),   CAPTURE,          SET("interval_ms"),
};

const struct row_kind ROW_KINDS[ROW_KIND_COUNT] = {
    [ROW_POSITION] = KIND("position", POSITION, 3),
    [ROW_VALUATION] = KIND("valuation", VALUATION, 2),
    [ROW_ACCOUNT_UPDATE] = KIND("account_update", ACCOUNT_UPDATE, 3),
    [ROW_POSITION_UPDATE] = KIND("position_update", POSITION_UPDATE, 3),
    [ROW_BALANCE_UPDATE] = KIND("balance_update", BALANCE_UPDATE, 4),
    [ROW_LEVERAGE_UPDATE] = KIND("leverage_update", LEVERAGE_UPDATE, 4),
    [ROW_MARGIN_CALL] = KIND("margin_call", MARGIN_CALL, 3),
    [ROW_TRADE] = KIND("trade", TRADE, 5),
    [ROW_BALANCE] = KIND("balance", BALANCE, 3),
    [ROW_LEG_MARGIN] = KIND("leg_margin", LEG_MARGIN, 2),
    [ROW_ACCOUNT_TOTAL] = KIND("account_total", ACCOUNT_TOTAL, 2),
    [ROW_SYMBOL_CONFIG] = KIND("symbol_config", SYMBOL_CONFIG, 3),
    [ROW_ACCOUNT_CONFIG] = KIND("account_config", ACCOUNT_CONFIG, 2),
    [ROW_INCOME] = KIND("income", INCOME, 7),
    [ROW_MARK] = KIND("mark", MARK, 3),
    [ROW_FUNDING_RATE] = KIND("funding_rate", FUNDING_RATE, 3),
    [ROW_ASSET_INDEX] = KIND("asset_index", ASSET_INDEX, 4),
    [ROW_LEG_HOUR] = KIND("leg_hour", LEG_HOUR, 2),
    [ROW_POLL_HOUR] = KIND("poll_hour", POLL_HOUR, 2),
    [ROW_CONTRACT_TERM] = KIND("contract_term", CONTRACT_TERM, 2),
    [ROW_KNOWN_SPAN] = KIND("known_span", KNOWN_SPAN, 5),
    [ROW_BALANCE_HOUR] = KIND("balance_hour", BALANCE_HOUR, 3),
    [ROW_BALANCE_CHANGE] = KIND("balance_change", BALANCE_CHANGE, 3),
};

static_assert(sizeof TRADE / sizeof TRADE[0] <= ROW_COLUMNS_MAX, "a row holds its columns");
static_assert(sizeof LEG_HOUR / sizeof LEG_HOUR[0] <= 32, "a bit says whether a column is known");
