#include <string.h>

#include "base/calendar.h"
#include "base/decimal.h"
#include "model/product.h"
#include "model/row_kinds.h"

/* positionRisk lists what has a position or an order. Margins are account's to say, of the same
 * legs; leverage and margin type symbolConfig's. */
static const struct object_kind POSITION = {
    .rows = {&ROW_KINDS[ROW_POSITION], &ROW_KINDS[ROW_VALUATION]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
    .naming = NAMING_OTHER,
    .ignored =
        " marginAsset initialMargin maintMargin positionInitialMargin openOrderInitialMargin "
        "bidNotional askNotional ",
};

static const struct object_kind LEG_MARGIN = {
    .rows = {&ROW_KINDS[ROW_LEG_MARGIN]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
    .amount = {"positionAmt", 11},
    .ignored = " unrealizedProfit isolatedMargin notional isolatedWallet ",
};

/* "Get Income History": incomeType. */
static const char *const INCOME_TYPES[] = {
    "TRANSFER",
    "WELCOME_BONUS",
    "REALIZED_PNL",
    "FUNDING_FEE",
    "COMMISSION",
    "INSURANCE_CLEAR",
    "REFERRAL_KICKBACK",
    "COMMISSION_REBATE",
    "API_REBATE",
    "CONTEST_REWARD",
    "CROSS_COLLATERAL_TRANSFER",
    "OPTIONS_PREMIUM_FEE",
    "OPTIONS_SETTLE_PROFIT",
    "INTERNAL_TRANSFER",
    "AUTO_EXCHANGE",
    "DELIVERED_SETTELMENT",
    "COIN_SWAP_DEPOSIT",
    "COIN_SWAP_WITHDRAW",
    "POSITION_LIMIT_INCREASE_FEE",
    "STRATEGY_UMFUTURES_TRANSFER",
    "FEE_RETURN",
    "BFUSD_REWARD",
    "SPECIAL_FUNDING_FEE",
    NULL,
};

/* What contracts are quoted in and margined with. */
static const char *const QUOTES[] = {"USDT", "USDC", "BUSD", "USD1", "FDUSD"};

/* BTCUSDT: a perpetual, margined in USDT. BTCUSDT_261225: delivered on that day at 08:00 UTC. One
 * contract is one coin. A name that ends in no known quote leaves all of it unknown. */
static bool name_contract(struct span symbol, struct contract *contract)
{
    struct span pair, kind;
    bool is_delivery = contract_split(symbol, &pair, &kind);
    for (size_t i = 0; i < sizeof QUOTES / sizeof QUOTES[0]; i++) {
        size_t size = strlen(QUOTES[i]);
        if (pair.size <= size || memcmp(pair.data + pair.size - size, QUOTES[i], size) != 0) {
            continue;
        }
        text_append_span(&contract->pair, pair);
        text_append_string(&contract->margin_asset, QUOTES[i]);
        contract->contract_size_e8 = maybe_of(DECIMAL_ONE);
        if (is_delivery) {
            contract_name_delivery(kind, contract);
        } else {
            text_append_string(&contract->contract_type, "PERPETUAL");
        }
        break;
    }
    return !contract_failed(contract);
}

const struct product USD_M = {
    .name = "usd-m",
    .host_word = "fapi",
    .hosts = {{"https://fapi.binance.com", "wss://fstream.binance.com", "https://api.binance.com"},
              {"https://demo-fapi.binance.com", "wss://demo-fstream.binance.com", NULL}},
    .endpoints =
        {
            [ENDPOINT_POSITION_RISK] = {"/fapi/v3/positionRisk", 5, false},
            [ENDPOINT_EXCHANGE_INFO] = {"/fapi/v1/exchangeInfo", 1, false},
            [ENDPOINT_ACCOUNT] = {"/fapi/v3/account", 5, false},
            [ENDPOINT_INCOME] = {"/fapi/v1/income", 30, false},
            [ENDPOINT_USER_TRADES] = {"/fapi/v1/userTrades", 5, false},
            [ENDPOINT_SYMBOL_CONFIG] = {"/fapi/v1/symbolConfig", 5, false},
            [ENDPOINT_ACCOUNT_CONFIG] = {"/fapi/v1/accountConfig", 5, false},
            [ENDPOINT_FUNDING_RATE] = {"/fapi/v1/fundingRate", 1, false},
            [ENDPOINT_ASSET_INDEX] = {"/fapi/v1/assetIndex", 10, false},
            [ENDPOINT_TIMESTAMP] = {"", 0, false},
            [ENDPOINT_TIME] = {"/fapi/v1/time", 1, false},
            [ENDPOINT_LISTEN_KEY] = {"/fapi/v1/listenKey", 1, false},
        },
    .stream_path = "/private/ws/",
    .stream_word = "UM",
    .income_span_ms_max = 90 * DAY_MS,
    .trades_span_ms_max = 7 * DAY_MS,
    .income_types = INCOME_TYPES,
    .prices = ENDPOINT_ASSET_INDEX,
    .usual_symbol = "BTCUSDT",
    .has_configs = true,
    .has_totals = true,
    .is_flat_when_absent = true,
    .is_linear = true,
    .position = &POSITION,
    .leg_margin = &LEG_MARGIN,
    .name_contract = name_contract,
};
