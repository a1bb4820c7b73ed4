#include "contracts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PERPETUAL_DELIVERY_MS INT64_C(4133404800000)
#define COINS_START 10.0
#define DOLLARS_START 10000.0

static const char *const COINS[] = {
    "BTC",  "ETH",  "BNB",   "ADA",  "LINK", "BCH",  "XRP",  "DOT",   "LTC",  "TRX",  "EOS",
    "FIL",  "UNI",  "THETA", "XLM",  "DOGE", "SOL",  "AVAX", "MATIC", "ATOM", "NEAR", "ETC",
    "XMR",  "EGLD", "ZIL",   "KNC",  "ALGO", "SAND", "MANA", "AXS",   "GALA", "APE",  "GMT",
    "RUNE", "FTM",  "ICP",   "VET",  "AAVE", "CRV",  "SUI",  "APT",   "OP",   "ARB",  "INJ",
    "TIA",  "SEI",  "WLD",   "ORDI", "PEPE", "WIF",  "ENS",  "LDO",   "STX",  "IMX",  "GRT",
    "SNX",  "COMP", "DYDX",  "CHZ",  "ENJ",  "BAT",  "ZEC",
};
#define COIN_COUNT ((int)(sizeof COINS / sizeof COINS[0]))

static const struct delivery {
    const char *suffix, *type;
    int64_t ms;
} DELIVERIES[] = {{"261225", "CURRENT_QUARTER", INT64_C(1798185600000)},
                  {"270326", "NEXT_QUARTER", INT64_C(1806048000000)}};
#define QUARTERLY_COINS 4 /* of COIN-M: the first ones have quarterlies too */

static const double PRICES[] = {64250.0, 3140.0, 585.0, 0.452, 14.3, 472.0, 0.587, 6.2};

static double coin_price(int coin)
{
    if (coin < (int)(sizeof PRICES / sizeof PRICES[0])) {
        return PRICES[coin];
    }
    return 0.05 * pow(1.17, coin);
}

static int add_asset(struct market *market, const char *name, double dollars, double start)
{
    struct market_asset *asset = &market->assets[market->asset_count];
    snprintf(asset->name, sizeof asset->name, "%s", name);
    asset->index_e8 = market_e8(dollars);
    asset->start = start;
    return market->asset_count++;
}

static struct market_symbol *add_symbol(struct market *market, int count)
{
    if (market->symbols == NULL) {
        market->symbols = calloc((size_t)count, sizeof *market->symbols);
    }
    if (market->symbols == NULL) {
        abort();
    }
    return &market->symbols[market->count++];
}

static void add_inverse(struct market *market, int count, int coin, const struct delivery *delivery)
{
    bool is_next = delivery == &DELIVERIES[1];
    int asset = market_find_asset(market, COINS[coin]);
    if (asset < 0) {
        bool active = market->count < MARKET_ACTIVE_SYMBOLS;
        asset = add_asset(market, COINS[coin], coin_price(coin), active ? COINS_START : 0);
    }
    struct market_symbol *symbol = add_symbol(market, count);
    *symbol = (struct market_symbol){
        .asset = asset,
        .type = delivery == NULL ? "PERPETUAL" : delivery->type,
        .perpetual = delivery == NULL,
        .delivery_ms = delivery == NULL ? PERPETUAL_DELIVERY_MS : delivery->ms,
        .contract_size = coin == 0 ? 100 : 10,
        .quote = "USD",
        .base_price = coin_price(coin) * (delivery == NULL ? 1.0 : 1.01 + 0.01 * is_next),
    };
    snprintf(symbol->base, sizeof symbol->base, "%s", COINS[coin]);
    snprintf(symbol->pair, sizeof symbol->pair, "%sUSD", COINS[coin]);
    snprintf(symbol->name, sizeof symbol->name, "%sUSD_%s", COINS[coin],
             delivery == NULL ? "PERP" : delivery->suffix);
}

void contracts_open_coin_m(struct market *market, int count)
{
    for (int coin = 0; coin < COIN_COUNT && market->count < count; coin++) {
        add_inverse(market, count, coin, NULL);
        for (int i = 0; i < 2 && coin < QUARTERLY_COINS && market->count < count; i++) {
            add_inverse(market, count, coin, &DELIVERIES[i]);
        }
    }
}

/* The first contracts of USD-M; those that follow are perpetuals of the other coins in USDT, and
 * then of coins that are made up. */
static const struct linear {
    const char *base, *quote;
    const struct delivery *delivery;
    double price;
} LINEARS[] = {
    {"BTC", "USDT", NULL, 64310.5},
    {"ETH", "USDT", NULL, 3142.8},
    {"BNB", "USDT", NULL, 585.4},
    {"ADA", "USDT", NULL, 0.452},
    {"1000SHIB", "USDT", NULL, 0.01273},
    {"币安人生", "USDT", NULL, 0.1871},
    {"BTC", "USDT", &DELIVERIES[0], 64950.2},
    {"BTC", "USDC", NULL, 64321.7},
    {"ETH", "USDT", &DELIVERIES[0], 3174.1},
    {"BTC", "USDT", &DELIVERIES[1], 65600.9},
    {"ETH", "USDC", NULL, 3143.4},
    {"TSLA", "USDT", NULL, 418.6},
};
#define LINEAR_COUNT ((int)(sizeof LINEARS / sizeof LINEARS[0]))

/* So many digits that the book has about five that count; amounts are the finer, the dearer. */
static void set_digits(struct market_symbol *symbol)
{
    int digits = 5 - (int)floor(log10(symbol->base_price));
    symbol->price_digits = digits < 1 ? 1 : digits > 8 ? 8 : digits;
    symbol->amount_digits = symbol->base_price > 1000 ? 3
                            : symbol->base_price > 10 ? 2
                            : symbol->base_price > 1  ? 1
                                                      : 0;
}

static void add_linear(struct market *market, int count, const struct linear *linear)
{
    const struct delivery *delivery = linear->delivery;
    struct market_symbol *symbol = add_symbol(market, count);
    bool is_stock = strcmp(linear->base, "TSLA") == 0;
    *symbol = (struct market_symbol){
        .asset = market_find_asset(market, linear->quote),
        .type = is_stock           ? "TRADIFI_PERPETUAL"
                : delivery == NULL ? "PERPETUAL"
                                   : delivery->type,
        .perpetual = delivery == NULL,
        .delivery_ms = delivery == NULL ? PERPETUAL_DELIVERY_MS : delivery->ms,
        .contract_size = 1,
        .base_price = linear->price,
    };
    snprintf(symbol->base, sizeof symbol->base, "%s", linear->base);
    snprintf(symbol->quote, sizeof symbol->quote, "%s", linear->quote);
    snprintf(symbol->pair, sizeof symbol->pair, "%s%s", linear->base, linear->quote);
    snprintf(symbol->name, sizeof symbol->name, "%.15s%.7s%s%.6s", linear->base, linear->quote,
             delivery == NULL ? "" : "_", delivery == NULL ? "" : delivery->suffix);
    set_digits(symbol);
}

void contracts_open_usd_m(struct market *market, int count)
{
    char name[16];
    add_asset(market, "USDT", 1.0001, DOLLARS_START);
    add_asset(market, "USDC", 0.9999, DOLLARS_START);
    add_asset(market, "BNB", coin_price(2), COINS_START);
    add_asset(market, "BTC", coin_price(0), 0);
    add_asset(market, "ETH", coin_price(1), 0);
    add_asset(market, "BNFCR", 1, 0);
    for (int i = 0; i < LINEAR_COUNT && market->count < count; i++) {
        add_linear(market, count, &LINEARS[i]);
    }
    for (int coin = 4; coin < COIN_COUNT && market->count < count; coin++) {
        add_linear(market, count, &(struct linear){COINS[coin], "USDT", NULL, coin_price(coin)});
    }
    while (market->count < count) {
        snprintf(name, sizeof name, "COIN%d", market->count);
        add_linear(market, count, &(struct linear){name, "USDT", NULL, 0.5 + 0.01 * market->count});
    }
}

/* What all contracts of COIN-M have alike. */
static const char RULES[] =
    "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"0.1\",\"maxPrice\":\"1000000\","
    "\"tickSize\":\"0.1\"},{\"filterType\":\"LOT_SIZE\",\"minQty\":\"1\",\"maxQty\":\"1000000\","
    "\"stepSize\":\"1\"},{\"filterType\":\"MARKET_LOT_SIZE\",\"minQty\":\"1\",\"maxQty\":\"60000\","
    "\"stepSize\":\"1\"},{\"filterType\":\"MAX_NUM_ORDERS\",\"limit\":200},{\"filterType\":"
    "\"PERCENT_PRICE\",\"multiplierUp\":\"1.0500\",\"multiplierDown\":\"0.9500\","
    "\"multiplierDecimal\":\"4\"}],\"timeInForce\":[\"GTC\",\"IOC\",\"FOK\",\"GTX\"],"
    "\"liquidationFee\":\"0.015000\",\"marketTakeBound\":\"0.05\",\"pricePrecision\":1,"
    "\"quantityPrecision\":0,\"baseAssetPrecision\":8,\"quotePrecision\":8,"
    "\"equalQtyPrecision\":4,\"triggerProtect\":\"0.0500\",\"maintMarginPercent\":\"2.5000\","
    "\"requiredMarginPercent\":\"5.0000\",\"underlyingType\":\"COIN\",\"underlyingSubType\":["
    "\"PoW\"],";
static const char ORDER_TYPES[] = "[\"LIMIT\",\"MARKET\",\"STOP\",\"STOP_MARKET\",\"TAKE_PROFIT\","
                                  "\"TAKE_PROFIT_MARKET\",\"TRAILING_STOP_MARKET\"]";

void contracts_write_coin_m(FILE *out, const struct market *market, int index)
{
    const struct market_symbol *symbol = &market->symbols[index];
    const char *coin = market->assets[symbol->asset].name;
    fprintf(out,
            "{\"symbol\":\"%s\",\"pair\":\"%s\",\"contractType\":\"%s\",\"deliveryDate\":%lld,"
            "\"onboardDate\":1597042800000,\"contractStatus\":\"TRADING\",\"contractSize\":%d,"
            "\"marginAsset\":\"%s\",\"baseAsset\":\"%s\",\"quoteAsset\":\"USD\",%s",
            symbol->name, symbol->pair, symbol->type, (long long)symbol->delivery_ms,
            symbol->contract_size, coin, coin, RULES);
    /* By the name that the documentation has, and by the one that was seen. */
    fprintf(out, "\"OrderType\":%s,\"orderTypes\":%s}", ORDER_TYPES, ORDER_TYPES);
}

static void write_linear_filters(FILE *out, const struct market_symbol *symbol)
{
    double tick = pow(10, -symbol->price_digits), step = pow(10, -symbol->amount_digits);
    int price = symbol->price_digits, amount = symbol->amount_digits;
    fprintf(out,
            "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"%.*f\","
            "\"maxPrice\":\"1000000\",\"tickSize\":\"%.*f\"},"
            "{\"filterType\":\"LOT_SIZE\",\"minQty\":\"%.*f\",\"maxQty\":\"1000000\",\"stepSize\":"
            "\"%.*f\"},"
            "{\"filterType\":\"MARKET_LOT_SIZE\",\"minQty\":\"%.*f\",\"maxQty\":\"60000\","
            "\"stepSize\":\"%.*f\"},"
            "{\"filterType\":\"MAX_NUM_ORDERS\",\"limit\":200},{\"filterType\":\"MIN_NOTIONAL\","
            "\"notional\":\"5\"},{\"filterType\":\"PERCENT_PRICE\",\"multiplierUp\":\"1.0500\","
            "\"multiplierDown\":\"0.9500\",\"multiplierDecimal\":\"4\"}],",
            price, tick, price, tick, amount, step, amount, step, amount, step, amount, step);
}

void contracts_write_usd_m(FILE *out, const struct market *market, int index)
{
    const struct market_symbol *symbol = &market->symbols[index];
    fprintf(out,
            "{\"symbol\":\"%s\",\"pair\":\"%s\",\"contractType\":\"%s\",\"deliveryDate\":%lld,"
            "\"onboardDate\":1569398400000,\"status\":\"TRADING\",\"maintMarginPercent\":"
            "\"2.5000\",\"requiredMarginPercent\":\"5.0000\",\"baseAsset\":\"%s\",\"quoteAsset\":"
            "\"%s\",\"marginAsset\":\"%s\",\"pricePrecision\":%d,\"quantityPrecision\":%d,"
            "\"baseAssetPrecision\":8,\"quotePrecision\":8,\"underlyingType\":\"%s\","
            "\"underlyingSubType\":[\"PoW\"],\"settlePlan\":0,\"triggerProtect\":\"0.0500\",",
            symbol->name, symbol->pair, symbol->type, (long long)symbol->delivery_ms, symbol->base,
            symbol->quote, market->assets[symbol->asset].name, symbol->price_digits,
            symbol->amount_digits,
            strcmp(symbol->type, "TRADIFI_PERPETUAL") == 0 ? "EQUITY" : "COIN");
    write_linear_filters(out, symbol);
    fprintf(out,
            "\"OrderType\":%s,\"orderTypes\":%s,\"timeInForce\":[\"GTC\",\"IOC\",\"FOK\","
            "\"GTX\",\"GTD\"],\"liquidationFee\":\"0.015000\",\"marketTakeBound\":\"0.05\"}",
            ORDER_TYPES, ORDER_TYPES);
}

void contracts_write_assets(FILE *out, const struct market *market)
{
    fputs("\"assets\":[", out);
    for (int i = 0; i < market->asset_count; i++) {
        fprintf(out,
                "%s{\"asset\":\"%s\",\"marginAvailable\":true,\"autoAssetExchange\":\"-10000\"}",
                i == 0 ? "" : ",", market->assets[i].name);
    }
    fputs("],", out);
}
