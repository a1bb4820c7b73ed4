#include "market.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "product.h"

#define TRADE_EVERY 6     /* one step in so many trades */
#define SETTINGS_EVERY 40 /* one trade in so many changes leverage, updateTime standing still */
#define BURN_SHARE 0.9    /* of the commission, when it is taken in BNB */

const char *const MARKET_SIDES[SIDE_COUNT] = {"BOTH", "LONG", "SHORT"};

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

int64_t market_e8(double coins)
{
    return (int64_t)llround(coins * 1e8);
}

double market_unit(double coins)
{
    return round(coins * 1e8) / 1e8;
}

/* A price that the book can have. */
static double to_tick(const struct market_symbol *symbol, double price)
{
    double ticks = pow(10, symbol->price_digits);
    return symbol->price_digits == 0 ? price : round(price * ticks) / ticks;
}

int market_find_symbol(const struct market *market, const char *name)
{
    for (int i = 0; i < market->count; i++) {
        if (strcmp(market->symbols[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int market_find_asset(const struct market *market, const char *name)
{
    for (int i = 0; i < market->asset_count; i++) {
        if (strcmp(market->assets[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
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

double market_value(const struct market_account *account, int symbol, int64_t amount, double price)
{
    const struct market *market = account->market;
    return market->product->value(&market->symbols[symbol], amount, price);
}

/* An isolated position's wallet is what was put aside when it last traded. */
static void settle_wallet(struct market_account *account, int symbol, int side)
{
    struct market_leg *leg = &account->leg[symbol][side];
    double margin =
        market_value(account, symbol, llabs(leg->amount), account->price[symbol]) / leg->leverage;
    leg->isolated_wallet = leg->isolated ? margin : 0;
}

static void open_leg(struct market_account *account, int symbol, int side, int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    double entry = account->price[symbol];
    leg->amount = signed_size(account, side, &account->random);
    entry *= 0.995 + 0.01 * next_share(&account->random);
    leg->entry_price = to_tick(&account->market->symbols[symbol], entry);
    leg->update_ms = now_ms;
    settle_wallet(account, symbol, side);
}

void market_open_account(struct market_account *account, const struct market *market,
                         const char *name, bool hedge, uint64_t seed, int64_t now_ms)
{
    uint64_t mixed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (; *name != '\0'; name++) {
        mixed = (mixed ^ (unsigned char)*name) * UINT64_C(1099511628211);
    }
    *account = (struct market_account){.market = market,
                                       .hedge = hedge,
                                       .rests = true,
                                       .fee_asset = -1,
                                       .random = mixed | 1,
                                       .leverage_changed = -1};
    account->price = calloc((size_t)market->count, sizeof *account->price);
    account->leg = calloc((size_t)market->count, sizeof *account->leg);
    if (account->price == NULL || account->leg == NULL) {
        abort();
    }
    for (int i = 0; i < market->asset_count; i++) {
        account->wallet[i] = market->assets[i].start;
    }
    for (int i = 0; i < market->count; i++) {
        account->price[i] = to_tick(&market->symbols[i], market->symbols[i].base_price);
        for (int side = 0; side < SIDE_COUNT; side++) {
            struct market_leg *leg = &account->leg[i][side];
            leg->leverage = 20;
            leg->isolated = i % 5 == 3;
            /* A side of a symbol that was never used says 0. */
            leg->update_ms = i < MARKET_ACTIVE_SYMBOLS && side_is_used(account, side)
                                 ? now_ms - 3600000 * (i + 1)
                                 : 0;
        }
    }
    for (int i = 0; i < MARKET_ACTIVE_SYMBOLS && i < market->count; i++) {
        int side = !hedge ? SIDE_BOTH : i % 2 == 0 ? SIDE_LONG : SIDE_SHORT;
        open_leg(account, i, side, now_ms - 60000 * (i + 1));
    }
}

void market_close_account(struct market_account *account)
{
    free(account->price);
    free(account->leg);
}

/* Every third trade rests in the book first, for another commission. */
static void take_commission(struct market_account *account, struct market_fill *fill)
{
    const struct market *market = account->market;
    const struct product *product = market->product;
    double value = market_value(account, fill->symbol, llabs(fill->delta), fill->price);
    int asset = market->symbols[fill->symbol].asset;
    fill->is_maker = account->last_trade_id % 3 == 2;
    fill->commission_asset = asset;
    fill->commission =
        market_unit(value * (fill->is_maker ? product->maker_rate : product->taker_rate));
    if (account->fee_asset >= 0) {
        const struct market_asset *other = &market->assets[account->fee_asset];
        double share = strcmp(other->name, "BNB") == 0 ? BURN_SHARE : 1;
        double other_fee =
            market_unit(fill->commission * share * (double)market->assets[asset].index_e8 /
                        (double)other->index_e8);
        /* What the other wallet cannot pay comes from the margin asset after all. */
        if (other_fee <= account->wallet[account->fee_asset]) {
            fill->commission_asset = account->fee_asset;
            fill->commission = other_fee;
        }
    }
    account->wallet[asset] += fill->realized;
    account->wallet[fill->commission_asset] -= fill->commission;
}

/* Moves a position by a fill, and says what it realizes. */
static double move_leg(struct market_account *account, int symbol, int side, int64_t delta)
{
    const struct product *product = account->market->product;
    struct market_leg *leg = &account->leg[symbol][side];
    double price = account->price[symbol], realized = 0;
    int64_t before = leg->amount, after = before + delta;
    if (before == 0) {
        leg->entry_price = price;
    } else if ((before > 0) == (delta > 0)) {
        leg->entry_price = product->mixed_entry(leg->entry_price, before, price, delta);
    } else {
        int64_t closed = llabs(delta) < llabs(before) ? -delta : before;
        realized = market_unit(
            product->gain(&account->market->symbols[symbol], closed, leg->entry_price, price));
        if (after == 0) {
            leg->entry_price = 0;
        } else if ((after > 0) != (before > 0)) {
            leg->entry_price = price;
        }
    }
    leg->amount = after;
    return realized;
}

struct market_fill *market_fill(struct market_account *account, int symbol, int side, int64_t delta,
                                int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    struct market_fill fill = {.symbol = symbol,
                               .side = side,
                               .delta = delta,
                               .price = account->price[symbol],
                               .realized = move_leg(account, symbol, side, delta)};
    leg->update_ms = now_ms > leg->update_ms ? now_ms : leg->update_ms + 1;
    settle_wallet(account, symbol, side);
    take_commission(account, &fill);
    if (account->fill_count == MARKET_FILLS_MAX) {
        return NULL;
    }
    fill.order_id = ++account->last_order_id;
    fill.trade_id = ++account->last_trade_id;
    fill.time_ms = leg->update_ms;
    account->fills[account->fill_count] = fill;
    return &account->fills[account->fill_count++];
}

static void trade(struct market_account *account, int symbol, int side, int64_t now_ms)
{
    struct market_leg *leg = &account->leg[symbol][side];
    double what = next_share(&account->random);
    int64_t delta;
    if (leg->amount == 0) {
        delta = signed_size(account, side, &account->random);
        market_fill(account, symbol, side, delta, now_ms);
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
    market_fill(account, symbol, side, delta, now_ms);
}

double market_break_even(const struct market_account *account, const struct market_leg *leg)
{
    double share = account->market->product->break_even_share;
    return leg->entry_price * (leg->amount > 0 ? 1 + share : 1 - share);
}

double market_unrealized(const struct market_account *account, int symbol, int side)
{
    const struct market *market = account->market;
    const struct market_leg *leg = &account->leg[symbol][side];
    return leg->amount == 0 ? 0
                            : market->product->gain(&market->symbols[symbol], leg->amount,
                                                    leg->entry_price, account->price[symbol]);
}

void market_set_leverage(struct market_account *account, int symbol, int side, int leverage,
                         bool isolated)
{
    for (int i = 0; i < SIDE_COUNT; i++) {
        struct market_leg *leg = &account->leg[symbol][i];
        if (i == side || account->market->product->leverage_by_symbol) {
            account->leverage_changed =
                leverage != 0 && leverage != leg->leverage ? symbol : account->leverage_changed;
            leg->leverage = leverage != 0 ? leverage : leg->leverage;
            leg->isolated = isolated;
        }
    }
}

void market_step(struct market_account *account, int64_t now_ms)
{
    uint64_t *random = &account->random;
    const struct market *market = account->market;
    for (int i = 0; i < market->count && !account->still; i++) {
        const struct market_symbol *symbol = &market->symbols[i];
        account->price[i] *= 1.0 + 0.0008 * (next_share(random) - 0.5);
        account->price[i] = to_tick(symbol, account->price[i]);
        if (account->price[i] < symbol->base_price * 0.2) {
            account->price[i] = symbol->base_price;
        }
    }
    bool rests = account->rests;
    account->rests = false;
    if (rests || account->no_trades || next_random(random) % TRADE_EVERY != 0) {
        return;
    }
    int active = market->count < MARKET_ACTIVE_SYMBOLS ? market->count : MARKET_ACTIVE_SYMBOLS;
    int symbol = (int)(next_random(random) % (uint64_t)active);
    int side = !account->hedge ? SIDE_BOTH : next_random(random) % 2 == 0 ? SIDE_LONG : SIDE_SHORT;
    if (next_random(random) % SETTINGS_EVERY == 0 && !account->steady) {
        market_set_leverage(account, symbol, side, 5 + (int)(next_random(random) % 20),
                            account->leg[symbol][side].isolated);
        account->leverage_changed = symbol;
        return;
    }
    trade(account, symbol, side, now_ms);
}

static void set_leg_mode(const struct market_account *account, struct market_leg *legs)
{
    struct market_leg *both = &legs[SIDE_BOTH];
    struct market_leg *plus = &legs[SIDE_LONG], *minus = &legs[SIDE_SHORT];
    if (account->hedge) {
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
        if (!side_is_used(account, side)) {
            legs[side].amount = 0;
            legs[side].entry_price = 0;
            legs[side].isolated_wallet = 0;
            legs[side].order_amount = 0;
        }
    }
}

void market_set_mode(struct market_account *account, bool hedge)
{
    if (account->hedge == hedge) {
        return;
    }
    account->hedge = hedge;
    account->rests = true;
    for (int i = 0; i < account->market->count; i++) {
        set_leg_mode(account, account->leg[i]);
    }
}

void market_write_amount(char text[static 32], const struct market_symbol *symbol, int64_t amount)
{
    snprintf(text, 32, "%.*f", symbol->amount_digits,
             (double)amount / pow(10, symbol->amount_digits));
}

bool market_save(const struct market_account *account, FILE *file)
{
    size_t count = (size_t)account->market->count;
    return fwrite(&count, sizeof count, 1, file) == 1 &&
           fwrite(account, sizeof *account, 1, file) == 1 &&
           fwrite(account->price, sizeof *account->price, count, file) == count &&
           fwrite(account->leg, sizeof *account->leg, count, file) == count;
}

bool market_load(struct market_account *account, FILE *file)
{
    struct market_account now = *account;
    size_t count, kept = (size_t)account->market->count;
    if (fread(&count, sizeof count, 1, file) != 1 || count > MARKET_SYMBOLS_MAX ||
        fread(account, sizeof *account, 1, file) != 1) {
        *account = now;
        return false;
    }
    account->market = now.market;
    account->price = now.price;
    account->leg = now.leg;
    account->rests = true;
    double *price = calloc(count + 1, sizeof *price);
    struct market_leg(*leg)[SIDE_COUNT] = calloc(count + 1, sizeof *leg);
    kept = count < kept ? count : kept;
    bool good = price != NULL && leg != NULL && fread(price, sizeof *price, count, file) == count &&
                fread(leg, sizeof *leg, count, file) == count;
    if (good) {
        memcpy(account->price, price, kept * sizeof *price);
        memcpy(account->leg, leg, kept * sizeof *leg);
    }
    free(price);
    free(leg);
    return good;
}
