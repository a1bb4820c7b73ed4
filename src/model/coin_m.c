#include <string.h>

#include "base/calendar.h"
#include "base/decimal.h"
#include "model/product.h"
#include "model/row_kinds.h"

/* Contract sizes: 100 USD for BTC, 10 USD for all others (exchangeInfo: contractSize). */
#define SIZE_BTC_E8 (100 * DECIMAL_ONE)
#define SIZE_OTHER_E8 (10 * DECIMAL_ONE)

static const struct object_kind POSITION = {
    .rows = {&ROW_KINDS[ROW_POSITION], &ROW_KINDS[ROW_VALUATION]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
};

/* What else a position of account says, positionRisk says too. */
static const struct object_kind LEG_MARGIN = {
    .rows = {&ROW_KINDS[ROW_LEG_MARGIN]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
    .amount = {"positionAmt", 11},
    .ignored =
        " unrealizedProfit leverage isolated entryPrice breakEvenPrice maxQty notionalValue ",
};

/* "Get Income History": incomeType. */
static const char *const INCOME_TYPES[] = {
    "TRANSFER",   "WELCOME_BONUS",   "FUNDING_FEE",          "REALIZED_PNL",
    "COMMISSION", "INSURANCE_CLEAR", "DELIVERED_SETTELMENT", NULL,
};

/* BTCUSD_PERP: pair BTCUSD, margin asset BTC, 100 USD a contract for BTC and 10 for all others.
 * BTCUSD_261225: delivered on that day at 08:00 UTC. A name of another shape leaves what it does
 * not say unknown. */
static bool name_contract(struct span symbol, struct contract *contract)
{
    struct span pair, kind;
    if (contract_split(symbol, &pair, &kind) && pair.size > 3 &&
        memcmp(pair.data + pair.size - 3, "USD", 3) == 0) {
        struct span asset = {pair.data, pair.size - 3};
        text_append_span(&contract->pair, pair);
        text_append_span(&contract->margin_asset, asset);
        contract->contract_size_e8 = maybe_of(span_is(asset, "BTC") ? SIZE_BTC_E8 : SIZE_OTHER_E8);
        if (span_is(kind, "PERP")) {
            text_append_string(&contract->contract_type, "PERPETUAL");
        } else {
            contract_name_delivery(kind, contract);
        }
    }
    return !contract_failed(contract);
}

const struct product COIN_M = {
    .name = "coin-m",
    .host_word = "dapi",
    .hosts = {{"https://dapi.binance.com", "wss://dstream.binance.com", "https://api.binance.com"},
              {"https://demo-dapi.binance.com", "wss://demo-dstream.binance.com", NULL},
              {"https://testnet.binancefuture.com", "wss://dstream.binancefuture.com", NULL}},
    .endpoints =
        {
            [ENDPOINT_POSITION_RISK] = {"/dapi/v1/positionRisk", 1, true},
            [ENDPOINT_EXCHANGE_INFO] = {"/dapi/v1/exchangeInfo", 1, false},
            [ENDPOINT_ACCOUNT] = {"/dapi/v1/account", 5, false},
            [ENDPOINT_INCOME] = {"/dapi/v1/income", 20, false},
            [ENDPOINT_USER_TRADES] = {"/dapi/v1/userTrades", 5, false},
            [ENDPOINT_PREMIUM_INDEX] = {"/dapi/v1/premiumIndex", 10, false},
            [ENDPOINT_FUNDING_RATE] = {"/dapi/v1/fundingRate", 1, false},
            [ENDPOINT_TIMESTAMP] = {"", 0, false},
            [ENDPOINT_TIME] = {"/dapi/v1/time", 1, false},
            [ENDPOINT_LISTEN_KEY] = {"/dapi/v1/listenKey", 1, false},
        },
    .stream_path = "/ws/",
    .stream_word = "CM",
    .income_span_ms_max = 365 * DAY_MS,
    .trades_span_ms_max = 7 * DAY_MS,
    .income_types = INCOME_TYPES,
    .prices = ENDPOINT_PREMIUM_INDEX,
    .prices_by_pair = true,
    .usual_symbol = "BTCUSD_PERP",
    .position = &POSITION,
    .leg_margin = &LEG_MARGIN,
    .name_contract = name_contract,
};
