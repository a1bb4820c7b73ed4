#include "product.h"

#include <stdlib.h>
#include <string.h>

#include "contracts.h"
#include "prices.h"
#include "rows.h"
#include "settings.h"
#include "sim.h"

/* Inverse contracts: an amount is of so many dollars, and all it comes to is in the coin. */

static double inverse_value(const struct market_symbol *symbol, int64_t amount, double price)
{
    return (double)amount * symbol->contract_size / price;
}

static double inverse_gain(const struct market_symbol *symbol, int64_t amount, double entry,
                           double price)
{
    return (double)amount * symbol->contract_size * (1 / entry - 1 / price);
}

/* The harmonic mean. */
static double inverse_entry(double entry, int64_t amount, double price, int64_t more)
{
    return (double)(amount + more) / ((double)amount / entry + (double)more / price);
}

/* Linear contracts: an amount is of the base asset, and all it comes to is in the quote asset. What
 * is decimal stays so: products are of integers, rounded to 10^-8 once. */

__extension__ typedef __int128 wide;

static double divide_e8(wide dividend, int64_t divisor)
{
    bool is_negative = (dividend < 0) != (divisor < 0);
    wide size = dividend < 0 ? -dividend : dividend;
    int64_t by = llabs(divisor);
    double quotient = (double)(int64_t)((size + by / 2) / by) / 1e8;
    return is_negative && quotient > 0 ? -quotient : quotient;
}

static int64_t units_of(const struct market_symbol *symbol)
{
    int64_t units = 1;
    for (int i = 0; i < symbol->amount_digits; i++) {
        units *= 10;
    }
    return units;
}

static double linear_value(const struct market_symbol *symbol, int64_t amount, double price)
{
    return divide_e8((wide)amount * market_e8(price), units_of(symbol));
}

static double linear_gain(const struct market_symbol *symbol, int64_t amount, double entry,
                          double price)
{
    return divide_e8((wide)amount * (market_e8(price) - market_e8(entry)), units_of(symbol));
}

static double linear_entry(double entry, int64_t amount, double price, int64_t more)
{
    return divide_e8((wide)amount * market_e8(entry) + (wide)more * market_e8(price),
                     amount + more);
}

const struct product PRODUCTS[PRODUCT_COUNT] = {
    [COIN_M] = {.name = "coin-m",
                .prefix = "/dapi/",
                .paths = {{"v1/positionRisk", 1, 0, true, NULL, exchange_positions_reply},
                          {"v1/account", 5, 0, true, NULL, money_account_reply},
                          {"v1/income", 20, 0, true, NULL, money_income_reply},
                          {"v1/userTrades", 5, 0, true, NULL, money_trades_reply},
                          {"v1/time", 1, 0, false, NULL, exchange_time_reply},
                          {"v1/exchangeInfo", 1, 0, false, NULL, exchange_info_reply},
                          {"v1/premiumIndex", 10, 0, false, NULL, prices_premium_reply},
                          {"v1/fundingRate", 1, 0, false, NULL, prices_rates_reply}},
                .value = inverse_value,
                .gain = inverse_gain,
                .mixed_entry = inverse_entry,
                .taker_rate = 0.0005,
                .maker_rate = -0.0001,
                .maintenance_rate = 0.004,
                .break_even_share = 0.0004,
                .tells_flat = true,
                .tells_alias = true,
                .trades_limit = 50,
                .open_market = contracts_open_coin_m,
                .write_leg = rows_write_coin_m_leg,
                .new_leg = "\"positionAmt\":\"0\",\"entryPrice\":\"0.0\",\"markPrice\":\"0."
                           "00000000\",\"updateTime\":0",
                .write_contract = contracts_write_coin_m,
                .write_trade = rows_write_coin_m_trade,
                .write_account = rows_write_coin_m_account},
    [USD_M] = {.name = "usd-m",
               .prefix = "/fapi/",
               .paths = {{"v3/positionRisk", 5, 0, true, " symbol ", exchange_positions_reply},
                         {"v3/account", 5, 0, true, " ", money_account_reply},
                         {"v1/symbolConfig", 5, 0, true, " symbol ", settings_symbols_reply},
                         {"v1/accountConfig", 5, 0, true, " ", settings_account_reply},
                         {"v1/income", 30, 0, true, " symbol incomeType startTime endTime limit ",
                          money_income_reply},
                         {"v1/userTrades", 5, 0, true,
                          " symbol orderId startTime endTime fromId limit ", money_trades_reply},
                         {"v1/time", 1, 0, false, " ", exchange_time_reply},
                         {"v1/exchangeInfo", 1, 0, false, " ", exchange_info_reply},
                         {"v1/assetIndex", 10, 1, false, " symbol ", prices_assets_reply},
                         {"v1/premiumIndex", 10, 1, false, " symbol ", prices_premium_reply},
                         {"v1/fundingRate", 1, 0, false, " symbol startTime endTime limit ",
                          prices_rates_reply}},
               .value = linear_value,
               .gain = linear_gain,
               .mixed_entry = linear_entry,
               .taker_rate = 0.0005,
               .maker_rate = 0.0002,
               .maintenance_rate = 0.0065,
               .break_even_share = 0.0002,
               .leverage_by_symbol = true,
               .tells_trade_lite = true,
               .plain_ids = true,
               .no_pairs = true,
               .tells_rate_type = true,
               .trades_limit = 500,
               .income_days = 92,
               .object_by_symbol = true,
               .open_market = contracts_open_usd_m,
               .write_leg = rows_write_usd_m_leg,
               .new_leg = "\"positionAmt\":\"1\",\"entryPrice\":\"1\",\"markPrice\":\"1.00000000\","
                          "\"notional\":\"1.00000000\",\"marginAsset\":\"USDT\",\"updateTime\":1",
               .write_contract = contracts_write_usd_m,
               .write_info = contracts_write_assets,
               .write_trade = rows_write_usd_m_trade,
               .write_account = rows_write_usd_m_account},
};

int product_named(const char *name)
{
    int product = 0;
    while (product < PRODUCT_COUNT && strcmp(PRODUCTS[product].name, name) != 0) {
        product++;
    }
    return product;
}

int product_of_path(const char *path)
{
    int product = 0;
    while (product < PRODUCT_COUNT &&
           strncmp(path, PRODUCTS[product].prefix, strlen(PRODUCTS[product].prefix)) != 0) {
        product++;
    }
    return product;
}

bool product_of_stream(const char *path, struct stream_path *stream)
{
    static const struct {
        const char *prefix;
        int product;
    } PREFIXES[] = {
        {"", COIN_M}, {"/private", USD_M}, {"/market", PRODUCT_COUNT}, {"/public", PRODUCT_COUNT}};
    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        size_t size = strlen(PREFIXES[i].prefix);
        const char *rest = path + size;
        if (strncmp(path, PREFIXES[i].prefix, size) == 0 &&
            (strncmp(rest, "/ws/", 4) == 0 || strcmp(rest, "/ws") == 0 ||
             strcmp(rest, "/stream") == 0)) {
            *stream = (struct stream_path){PREFIXES[i].product, rest};
            return true;
        }
    }
    return false;
}
