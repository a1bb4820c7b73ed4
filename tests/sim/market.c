#include "market.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEE_RATE 0.0005
#define REBATE_RATE -0.0001
#define WALLET_START 10.0 /* coins of each asset */
#define ACTIVE_SYMBOLS 8  /* those that the account trades in */
#define TRADE_EVERY 6     /* one step in so many trades */
#define SETTINGS_EVERY 40 /* one trade in so many changes leverage, updateTime standing still */
#define PERPETUAL_DELIVERY_MS INT64_C(4133404800000)

static const char *const ASSETS[] = {
    "BTC",  "ETH",  "BNB",   "ADA",  "LINK", "BCH",  "XRP",  "DOT",   "LTC",  "TRX",  "EOS",
    "FIL",  "UNI",  "THETA", "XLM",  "DOGE", "SOL",  "AVAX", "MATIC", "ATOM", "NEAR", "ETC",
    "XMR",  "EGLD", "ZIL",   "KNC",  "ALGO", "SAND", "MANA", "AXS",   "GALA", "APE",  "GMT",
    "RUNE", "FTM",  "ICP",   "VET",  "AAVE", "CRV",  "SUI",  "APT",   "OP",   "ARB",  "INJ",
    "TIA",  "SEI",  "WLD",   "ORDI", "PEPE", "WIF",  "ENS",  "LDO",   "STX",  "IMX",  "GRT",
    "SNX",  "COMP", "DYDX",  "CHZ",  "ENJ",  "BAT",  "ZEC",
};
#define ASSET_COUNT ((int)(sizeof ASSETS / sizeof ASSETS[0]))

static const char *const DELIVERY[] = {"261225", "270326"};
static const int64_t DELIVERY_MS[] = {INT64_C(1798185600000), INT64_C(1806048000000)};
#define QUARTERLY_ASSETS 4 /* the first assets have quarterlies too */

static const double PRICES[] = {64250.0, 3140.0, 585.0, 0.452, 14.3, 472.0, 0.587, 6.2};

/* xorshift64*; the state is never 0. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* Within [0, 1). */
static double next_share(uint64_t *state)
{
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

static double base_price(int asset)
{
    if (asset < (int)(sizeof PRICES / sizeof PRICES[0])) {
        return PRICES[asset];
    }
    return 0.05 * pow(1.17, asset);
}

static void fill_symbol(struct market_symbol *symbol, int asset, int delivery)
{
    *symbol = (struct market_symbol){
        .perpetual = delivery < 0,
        .delivery_ms = delivery < 0 ? PERPETUAL_DELIVERY_MS : DELIVERY_MS[delivery],
        .contract_size = asset == 0 ? 100 : 10,
        .base_price = base_price(asset) * (delivery < 0 ? 1.0 : 1.01 + 0.01 * delivery),
    };
    snprintf(symbol->asset, sizeof symbol->asset, "%s", ASSETS[asset]);
    snprintf(symbol->pair, sizeof symbol->pair, "%sUSD", ASSETS[asset]);
    snprintf(symbol->name, sizeof symbol->name, "%s_%s", symbol->pair,
             delivery < 0 ? "PERP" : DELIVERY[delivery]);
}

void market_symbols(struct market_symbol *symbols, int count)
{
    int filled = 0;
    for (int asset = 0; asset < ASSET_COUNT && filled < count; asset++) {
        fill_symbol(&symbols[filled++], asset, -1);
        for (int i = 0; i < 2 && asset < QUARTERLY_ASSETS && filled < count; i++) {
            fill_symbol(&symbols[filled++], asset, i);
        }
    }
}

static bool side_is_used(const struct market_account *account, int side)
{
    return account->hedge ? side != SIDE_BOTH : side == SIDE_BOTH;
}

static int64_t signed_size(const struct market_account *account, int side, uint64_t *random)
{
    int64_t size = 1 + (int64_t)(next_random(random) % 40);
    if (side == SIDE_SHORT || (side == SIDE_BOTH && !account->hedge && next_share(random) < 0.5)) {
        return -size;
    }
    return size;
}

/* An isolated position's wallet is what was put aside when it last traded. */
static void settle_wallet(struct market_leg *leg, const struct market_symbol *symbol, double price)
{
    double margin = (double)llabs(leg->amount) * symbol->contract_size / price / leg->leverage;
    leg->isolated_wallet = leg->isolated ? margin : 0;
}

static void open_leg(struct market_account *account, const struct market_symbol *symbols,
                     int symbol, int side, int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    leg->amount = signed_size(account, side, &account->random);
    leg->entry_price = account->price[symbol] * (0.995 + 0.01 * next_share(&account->random));
    leg->update_ms = now_ms;
    settle_wallet(leg, &symbols[symbol], account->price[symbol]);
}

void market_open_account(struct market_account *account, const char *name, bool hedge,
                         uint64_t seed, const struct market_symbol *symbols, int count,
                         int64_t now_ms)
{
    uint64_t mixed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (; *name != '\0'; name++) {
        mixed = (mixed ^ (unsigned char)*name) * UINT64_C(1099511628211);
    }
    *account = (struct market_account){
        .hedge = hedge, .rests = true, .random = mixed | 1, .leverage_changed = -1};
    for (int i = 0; i < count; i++) {
        account->price[i] = symbols[i].base_price;
        account->wallet[i] = i < ACTIVE_SYMBOLS ? WALLET_START : 0;
        for (int side = 0; side < SIDE_COUNT; side++) {
            struct market_leg *leg = &account->leg[i][side];
            leg->leverage = 20;
            leg->isolated = i % 5 == 3;
            /* A side of a symbol that was never used says 0. */
            leg->update_ms =
                i < ACTIVE_SYMBOLS && side_is_used(account, side) ? now_ms - 3600000 * (i + 1) : 0;
        }
    }
    for (int i = 0; i < ACTIVE_SYMBOLS && i < count; i++) {
        int side = !hedge ? SIDE_BOTH : i % 2 == 0 ? SIDE_LONG : SIDE_SHORT;
        open_leg(account, symbols, i, side, now_ms - 60000 * (i + 1));
    }
}

/* The entry price after adding to a position of an inverse contract: the harmonic mean. */
static double mixed_entry(double entry, int64_t amount, double price, int64_t more)
{
    return (double)(amount + more) / ((double)amount / entry + (double)more / price);
}

int market_wallet_index(const struct market_symbol *symbols, int symbol)
{
    int index = 0;
    while (strcmp(symbols[index].asset, symbols[symbol].asset) != 0) {
        index++;
    }
    return index;
}

/* Coins come in units of 10^-8, as the exchange has them. */
static double to_unit(double coins)
{
    return round(coins * 1e8) / 1e8;
}

struct market_fill *market_fill(struct market_account *account, const struct market_symbol *symbols,
                                int symbol, int side, int64_t delta, int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    double price = account->price[symbol], size = symbols[symbol].contract_size;
    int64_t before = leg->amount, after = before + delta;
    double realized = 0;
    if (before == 0) {
        leg->entry_price = price;
    } else if ((before > 0) == (delta > 0)) {
        leg->entry_price = mixed_entry(leg->entry_price, before, price, delta);
    } else {
        int64_t closed = llabs(delta) < llabs(before) ? -delta : before;
        realized = to_unit((double)closed * size * (1 / leg->entry_price - 1 / price));
        if (after == 0) {
            leg->entry_price = 0;
        } else if ((after > 0) != (before > 0)) {
            leg->entry_price = price;
        }
    }
    /* Every third trade rests in the book first and earns a rebate. */
    bool is_maker = account->last_trade_id % 3 == 2;
    double commission =
        to_unit((double)llabs(delta) * size / price * (is_maker ? REBATE_RATE : FEE_RATE));
    leg->amount = after;
    leg->update_ms = now_ms > leg->update_ms ? now_ms : leg->update_ms + 1;
    settle_wallet(leg, &symbols[symbol], price);
    account->wallet[market_wallet_index(symbols, symbol)] += realized - commission;
    if (account->fill_count == MARKET_FILLS_MAX) {
        return NULL;
    }
    struct market_fill *fill = &account->fills[account->fill_count++];
    *fill = (struct market_fill){.symbol = symbol,
                                 .side = side,
                                 .delta = delta,
                                 .price = price,
                                 .realized = realized,
                                 .commission = commission,
                                 .order_id = ++account->last_order_id,
                                 .trade_id = ++account->last_trade_id,
                                 .time_ms = leg->update_ms,
                                 .is_maker = is_maker};
    return fill;
}

static void trade(struct market_account *account, const struct market_symbol *symbols, int symbol,
                  int side, int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    double what = next_share(&account->random);
    int64_t delta;
    if (leg->amount == 0) {
        delta = signed_size(account, side, &account->random);
        market_fill(account, symbols, symbol, side, delta, now_ms);
        return;
    }
    int64_t sign = leg->amount > 0 ? 1 : -1;
    int64_t part = 1 + (int64_t)(next_random(&account->random) % 10);
    if (what < 0.4) {
        delta = sign * part;
    } else if (what < 0.7 && llabs(leg->amount) > part) {
        delta = -sign * part;
    } else if (what < 0.85 && side == SIDE_BOTH) {
        delta = -2 * leg->amount;
    } else {
        delta = -leg->amount;
    }
    market_fill(account, symbols, symbol, side, delta, now_ms);
}

double market_break_even(const struct market_leg *leg)
{
    return leg->entry_price * (leg->amount > 0 ? 1.0004 : 0.9996);
}

double market_unrealized(const struct market_account *account, const struct market_symbol *symbols,
                         int symbol, int side)
{
    const struct market_leg *leg = &account->leg[symbol][side];
    return leg->amount == 0 ? 0
                            : (double)leg->amount * symbols[symbol].contract_size *
                                  (1 / leg->entry_price - 1 / account->price[symbol]);
}

void market_step(struct market_account *account, const struct market_symbol *symbols, int count,
                 int64_t now_ms)
{
    uint64_t *random = &account->random;
    for (int i = 0; i < count; i++) {
        account->price[i] *= 1.0 + 0.0008 * (next_share(random) - 0.5);
        if (account->price[i] < symbols[i].base_price * 0.2) {
            account->price[i] = symbols[i].base_price;
        }
    }
    bool rests = account->rests;
    account->rests = false;
    if (rests || account->no_trades || next_random(random) % TRADE_EVERY != 0) {
        return;
    }
    int active = count < ACTIVE_SYMBOLS ? count : ACTIVE_SYMBOLS;
    int symbol = (int)(next_random(random) % (uint64_t)active);
    int side = !account->hedge ? SIDE_BOTH : next_random(random) % 2 == 0 ? SIDE_LONG : SIDE_SHORT;
    if (next_random(random) % SETTINGS_EVERY == 0 && !account->steady) {
        account->leg[symbol][side].leverage = 5 + (int)(next_random(random) % 20);
        account->leverage_changed = symbol;
        return;
    }
    trade(account, symbols, symbol, side, now_ms);
}

void market_set_mode(struct market_account *account, int count, bool hedge)
{
    if (account->hedge == hedge) {
        return;
    }
    account->hedge = hedge;
    account->rests = true;
    for (int i = 0; i < count; i++) {
        struct market_leg *both = &account->leg[i][SIDE_BOTH];
        struct market_leg *plus = &account->leg[i][SIDE_LONG],
                          *minus = &account->leg[i][SIDE_SHORT];
        if (hedge) {
            *(both->amount >= 0 ? plus : minus) = *both;
        } else {
            const struct market_leg *larger = plus->amount >= -minus->amount ? plus : minus;
            int64_t amount = plus->amount + minus->amount;
            *both = *larger;
            both->amount = amount;
            if (amount == 0) {
                both->entry_price = 0;
                both->isolated_wallet = 0;
            }
        }
        for (int side = 0; side < SIDE_COUNT; side++) {
            struct market_leg *leg = &account->leg[i][side];
            if (!side_is_used(account, side)) {
                leg->amount = 0;
                leg->entry_price = 0;
                leg->isolated_wallet = 0;
            }
        }
    }
}

/* A quoted decimal with eight places, or as few as the style likes. */
static void write_decimal(FILE *out, const char *name, double value,
                          const struct market_style *style)
{
    if (value == 0) {
        fprintf(out, "\"%s\":\"%s\",", name, style->short_decimals ? "0" : "0.00000000");
    } else {
        fprintf(out, "\"%s\":\"%.8f\",", name, value);
    }
}

static double liquidation_price(const struct market_leg *leg)
{
    double share = 0.9 / leg->leverage;
    return leg->amount > 0 ? leg->entry_price * (1 - share) : leg->entry_price * (1 + share);
}

static void write_leg(FILE *out, const struct market_account *account,
                      const struct market_symbol *symbol, int index, int side,
                      const struct market_style *style)
{
    static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};
    const struct market_leg *leg = &account->leg[index][side];
    bool open = leg->amount != 0;
    double mark = account->price[index];
    double notional = (double)leg->amount * symbol->contract_size / mark;
    double pnl =
        open ? (double)leg->amount * symbol->contract_size * (1 / leg->entry_price - 1 / mark) : 0;
    double wallet = leg->isolated_wallet;
    fprintf(out, "{\"symbol\":\"%s\",\"positionAmt\":\"%lld\",", symbol->name,
            (long long)leg->amount);
    if (open) {
        fprintf(out, "\"entryPrice\":\"%.8f\",\"breakEvenPrice\":\"%.8f\",", leg->entry_price,
                market_break_even(leg));
    } else {
        fputs("\"entryPrice\":\"0.0\",\"breakEvenPrice\":\"0.0\",", out);
    }
    write_decimal(out, "markPrice", open ? mark : 0, style);
    write_decimal(out, "unRealizedProfit", pnl, style);
    write_decimal(out, "liquidationPrice", open ? liquidation_price(leg) : 0, style);
    fprintf(out, style->plain_numbers ? "\"leverage\":%d," : "\"leverage\":\"%d\",", leg->leverage);
    fprintf(out, "\"maxQty\":\"%d\",\"marginType\":\"%s\",", symbol->contract_size * 60,
            leg->isolated ? "isolated" : "cross");
    write_decimal(out, "isolatedMargin", wallet != 0 ? wallet + pnl : 0, style);
    fputs(style->plain_numbers ? "\"isAutoAddMargin\":false," : "\"isAutoAddMargin\":\"false\",",
          out);
    fprintf(out, "\"positionSide\":\"%s\",", SIDES[side]);
    write_decimal(out, "notionalValue", open ? notional : 0, style);
    write_decimal(out, "isolatedWallet", wallet, style);
    if (style->new_fields) {
        fputs("\"adlQuantile\":3,\"riskTier\":{\"level\":1,\"caps\":[1,2.5]},\"note\":null,"
              "\"venue\":\"sim\",",
              out);
    }
    fprintf(out, "\"updateTime\":%lld}", (long long)leg->update_ms);
}

static bool is_shown(const struct market_symbol *symbol, const struct market_style *style)
{
    return strcmp(symbol->name, style->hidden) != 0 &&
           (style->margin_asset[0] == '\0' || strcmp(symbol->asset, style->margin_asset) == 0) &&
           (style->pair[0] == '\0' || strcmp(symbol->pair, style->pair) == 0);
}

void market_write_positions(FILE *out, const struct market_account *account,
                            const struct market_symbol *symbols, int count,
                            const struct market_style *style)
{
    bool first = true;
    fputc('[', out);
    for (int i = 0; i < count; i++) {
        for (int side = 0; side < (account->hedge ? SIDE_COUNT : 1); side++) {
            if (is_shown(&symbols[i], style)) {
                fputs(first ? "" : ",", out);
                write_leg(out, account, &symbols[i], i, side, style);
                first = false;
            }
        }
    }
    if (style->added[0] != '\0') {
        fprintf(out,
                "%s{\"symbol\":\"%s\",\"positionAmt\":\"0\",\"entryPrice\":\"0.0\","
                "\"markPrice\":\"0.00000000\",\"unRealizedProfit\":\"0.00000000\","
                "\"positionSide\":\"BOTH\",\"updateTime\":0}",
                first ? "" : ",", style->added);
    }
    fputc(']', out);
}

/* What all contracts have alike. */
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

static const char *contract_type(const struct market_symbol *symbol)
{
    return symbol->perpetual                       ? "PERPETUAL"
           : symbol->delivery_ms == DELIVERY_MS[0] ? "CURRENT_QUARTER"
                                                   : "NEXT_QUARTER";
}

void market_write_contracts(FILE *out, const struct market_symbol *symbols, int count)
{
    fputc('[', out);
    for (int i = 0; i < count; i++) {
        const struct market_symbol *symbol = &symbols[i];
        fprintf(
            out,
            "%s{\"symbol\":\"%s\",\"pair\":\"%s\",\"contractType\":\"%s\",\"deliveryDate\":%lld,"
            "\"onboardDate\":1597042800000,\"contractStatus\":\"TRADING\",\"contractSize\":%d,"
            "\"marginAsset\":\"%s\",\"baseAsset\":\"%s\",\"quoteAsset\":\"USD\",%s",
            i == 0 ? "" : ",", symbol->name, symbol->pair, contract_type(symbol),
            (long long)symbol->delivery_ms, symbol->contract_size, symbol->asset, symbol->asset,
            RULES);
        /* By the name that the documentation has, and by the one that was seen. */
        fprintf(out, "\"OrderType\":%s,\"orderTypes\":%s}", ORDER_TYPES, ORDER_TYPES);
    }
    fputc(']', out);
}
