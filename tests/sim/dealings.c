/* The paths by which a test has something happen to an account:
 *
 *   /sim/trade?account=NAME&product=P&symbol=S&side=LONG&amount=N
 *                               buys so much, or sells where N < 0: contracts of COIN-M, of USD-M
 *                               the base asset, a decimal
 *   /sim/order?account=NAME&product=P&symbol=S&side=LONG&amount=N&price=P
 *                               such an order rests; with amount=0 the one that does is canceled
 *   /sim/transfer?account=NAME&product=P&asset=BTC&amount=1.5   moves coins in, or out
 *        &hide=1           its income is not told
 *   /sim/income?account=NAME&product=P&type=T&asset=A&amount=N&info=I&symbol=S   any income
 *   /sim/exchange?account=NAME&product=usd-m&from=BNB&to=USDT&amount=0.1
 *                               AUTO_EXCHANGE: two incomes, at the assets' indices
 *   /sim/funding?account=NAME&product=P&rate=0.0001   every open position of a perpetual pays, or
 *                               is paid, and fundingRate tells of the rate
 *        &paid=0.0002           but this is what is paid
 *        &special=1             besides the regular one, as for a dividend
 *   /sim/move?account=NAME&product=P&symbol=S&share=-0.03
 *                               its price rises, or falls, by that share
 *        &price=N               or is this
 *        &still=1               and all prices stay from now on, or (0) move again
 *   /sim/index?asset=USDT&index=0.9998      what an asset is worth by assetIndex
 *   /sim/leverage?account=NAME&product=P&symbol=S&side=LONG&leverage=N&isolated=1
 *   /sim/multi?account=NAME&on=1            USD-M's multi-assets mode
 *   /sim/fees?account=NAME&asset=BNB        what USD-M takes commission from, as far as it lasts:
 *                               BNB (a tenth less), BNFCR, or with none the margin asset
 *   /sim/liquidate?account=NAME&product=P&symbol=S&side=LONG
 *   /sim/deliver?account=NAME&product=P&symbol=S      the contract is settled and vanishes
 *   /sim/many?account=NAME&product=P&trades=N&symbol=S&side=LONG&from_ms=T&to_ms=T&income=N&types=N
 *        that many trades of one contract to and fro between the two times, and that many
 *        incomes of 0.00000001 now, of so many types in turn: transfers when of one
 *        &no_income=1      the trades make no income
 *   /sim/hide?account=NAME&product=P&what=income|trade|wallet
 *        the last income or trade is not told; the next wallet is told wrong by 0.00000001
 *   /sim/books?account=NAME&product=P       the account's income, trades and wallets
 *
 * As for all paths, product=P is coin-m or usd-m, and coin-m where it is not said (admin.c). */
#include "dealings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prices.h"

/* -1 for none. */
static int named_symbol(const struct sim_ledger *ledger, struct request *request)
{
    return ledger == NULL
               ? -1
               : market_find_symbol(ledger->trader.market, sim_parameter(request, "symbol"));
}

static int named_asset(const struct sim_ledger *ledger, struct request *request, const char *name)
{
    return ledger == NULL ? -1
                          : market_find_asset(ledger->trader.market, sim_parameter(request, name));
}

/* SIDE_COUNT for none. */
static int named_side(struct request *request)
{
    int side = 0;
    while (side < SIDE_COUNT && strcmp(MARKET_SIDES[side], sim_parameter(request, "side")) != 0) {
        side++;
    }
    return side;
}

static double decimal(struct request *request, const char *name)
{
    return strtod(sim_parameter(request, name), NULL);
}

/* An amount as the symbol counts it. */
static int64_t named_amount(const struct sim_ledger *ledger, int symbol, struct request *request)
{
    int digits = ledger->trader.market->symbols[symbol].amount_digits;
    return llround(decimal(request, "amount") * pow(10, digits));
}

static enum MHD_Result trade(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    int64_t amount = symbol < 0 ? 0 : named_amount(ledger, symbol, request);
    if (symbol < 0 || side == SIDE_COUNT || amount == 0) {
        return admin_say(request, 400, "no such account, symbol or side, or no amount\n");
    }
    market_fill(&ledger->trader, symbol, side, amount, sim_now_ms(sim));
    stream_tell(sim, ledger);
    return admin_say(request, 200, "ok\n");
}

/* An order that rests moves no wallet and no position. */
static enum MHD_Result order(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    double price = decimal(request, "price");
    if (symbol < 0 || side == SIDE_COUNT) {
        return admin_say(request, 400, "no such account, symbol or side\n");
    }
    struct market_leg *leg = &ledger->trader.leg[symbol][side];
    int64_t amount = named_amount(ledger, symbol, request);
    if (amount == 0 ? leg->order_amount == 0 : price <= 0 || leg->order_amount != 0) {
        return admin_say(request, 400, "no order rests, or one does already, or no price\n");
    }
    bool cancels = amount == 0;
    struct market_fill resting = {.symbol = symbol,
                                  .side = side,
                                  .delta = cancels ? leg->order_amount : amount,
                                  .price = cancels ? leg->order_price : price,
                                  .order_id =
                                      cancels ? leg->order_id : ++ledger->trader.last_order_id,
                                  .time_ms = sim_now_ms(sim)};
    leg->order_amount = amount;
    leg->order_price = price;
    leg->order_id = resting.order_id;
    stream_tell_order(sim, ledger, &resting, cancels);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result transfer(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int asset = named_asset(ledger, request, "asset");
    double coins = decimal(request, "amount");
    const char *reason = coins > 0 ? "DEPOSIT" : "WITHDRAW";
    if (asset < 0) {
        return admin_say(request, 400, "no such account or asset\n");
    }
    books_move(&ledger->books, &ledger->trader, asset, -1, "TRANSFER", reason, coins,
               sim_now_ms(sim));
    ledger->books.incomes[ledger->books.income_count - 1].hidden =
        admin_number(request, "hide", 0) != 0;
    stream_tell_balance(sim, ledger, reason, asset, -1, coins);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result add_income(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int asset = named_asset(ledger, request, "asset");
    const char *type = sim_parameter(request, "type");
    if (asset < 0 || type[0] == '\0') {
        return admin_say(request, 400, "no such account or asset, or no type\n");
    }
    books_move(&ledger->books, &ledger->trader, asset, named_symbol(ledger, request), type,
               sim_parameter(request, "info"), decimal(request, "amount"), sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "ADJUSTMENT", asset, -1, decimal(request, "amount"));
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result exchange_assets(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int from = named_asset(ledger, request, "from"), to = named_asset(ledger, request, "to");
    double coins = decimal(request, "amount");
    if (from < 0 || to < 0 || from == to || coins <= 0) {
        return admin_say(request, 400, "no such account or assets, or no amount\n");
    }
    const struct market_asset *assets = ledger->trader.market->assets;
    double got = market_unit(coins * (double)assets[from].index_e8 / (double)assets[to].index_e8);
    books_move(&ledger->books, &ledger->trader, from, -1, "AUTO_EXCHANGE", "", -coins,
               sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "AUTO_EXCHANGE", from, -1, -coins);
    books_move(&ledger->books, &ledger->trader, to, -1, "AUTO_EXCHANGE", "", got, sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "AUTO_EXCHANGE", to, -1, got);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result move_price(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    double share = decimal(request, "share"), price = decimal(request, "price");
    if (symbol < 0 || share <= -1) {
        return admin_say(request, 400, "no such account or symbol, or no price left\n");
    }
    double *now = &ledger->trader.price[symbol];
    *now = price > 0 ? price : *now * (1 + share);
    ledger->trader.still = admin_number(request, "still", ledger->trader.still) != 0;
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_index(struct sim *sim, struct request *request)
{
    bool found = false;
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        int asset = market_find_asset(&sim->markets[i], sim_parameter(request, "asset"));
        if (asset >= 0 && decimal(request, "index") > 0) {
            sim->markets[i].assets[asset].index_e8 = market_e8(decimal(request, "index"));
            found = true;
        }
    }
    return found ? admin_say(request, 200, "ok\n")
                 : admin_say(request, 400, "no such asset, or no index\n");
}

static enum MHD_Result set_leverage(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    int64_t leverage = admin_number(request, "leverage", 0);
    side = side == SIDE_COUNT ? SIDE_BOTH : side;
    if (symbol < 0 || leverage < 0 || leverage > 150) {
        return admin_say(request, 400, "no such account or symbol, or no such leverage\n");
    }
    bool isolated =
        admin_number(request, "isolated", ledger->trader.leg[symbol][side].isolated) != 0;
    market_set_leverage(&ledger->trader, symbol, side, (int)leverage, isolated);
    stream_tell(sim, ledger);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_multi_assets(struct sim *sim, struct request *request)
{
    struct sim_account *account = admin_account(sim, request);
    if (account == NULL) {
        return admin_say(request, 400, "no such account\n");
    }
    struct sim_ledger *ledger = &account->ledgers[USD_M];
    ledger->trader.multi_assets = admin_number(request, "on", 1) != 0;
    stream_tell_multi_assets(sim, ledger);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_fees(struct sim *sim, struct request *request)
{
    struct sim_account *account = admin_account(sim, request);
    const char *name = sim_parameter(request, "asset");
    int asset = market_find_asset(&sim->markets[USD_M], name);
    if (account == NULL || (name[0] != '\0' && asset < 0)) {
        return admin_say(request, 400, "no such account or asset\n");
    }
    account->ledgers[USD_M].trader.fee_asset = asset;
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result fund(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    double rate = decimal(request, "rate");
    double paid = sim_parameter(request, "paid")[0] == '\0' ? rate : decimal(request, "paid");
    bool special = admin_number(request, "special", 0) != 0;
    if (ledger == NULL) {
        return admin_say(request, 400, "no such account\n");
    }
    struct market *market = admin_market(sim, request);
    struct market_account *trader = &ledger->trader;
    int64_t now_ms = sim_now_ms(sim);
    for (int i = 0; i < market->count; i++) {
        if (market->symbols[i].perpetual) {
            prices_note_funding(
                market, &(struct market_funding){now_ms, i, rate, trader->price[i], special});
        }
        for (int side = 0; side < SIDE_COUNT; side++) {
            const struct market_leg *leg = &trader->leg[i][side];
            int asset = market->symbols[i].asset;
            double coins = -market_value(trader, i, leg->amount, trader->price[i]) * paid;
            if (leg->amount != 0 && market->symbols[i].perpetual) {
                books_move(&ledger->books, trader, asset, i,
                           special ? "SPECIAL_FUNDING_FEE" : "FUNDING_FEE", "", coins, now_ms);
                stream_tell_balance(sim, ledger, "FUNDING_FEE", asset, i, 0);
            }
        }
    }
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result liquidate(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    if (symbol < 0 || side == SIDE_COUNT || ledger->trader.leg[symbol][side].amount == 0) {
        return admin_say(request, 400, "no such position\n");
    }
    struct market_account *trader = &ledger->trader;
    struct market_fill *fill =
        market_fill(trader, symbol, side, -trader->leg[symbol][side].amount, sim_now_ms(sim));
    fill->is_liquidation = true;
    int64_t time_ms = fill->time_ms;
    stream_tell(sim, ledger);
    books_move(&ledger->books, trader, trader->market->symbols[symbol].asset, symbol,
               "INSURANCE_CLEAR", "", -0.00012345, time_ms);
    return admin_say(request, 200, "ok\n");
}

/* Settled at the market's price: no trade, an income of its own, and the contract is gone. */
static enum MHD_Result deliver(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    if (symbol < 0) {
        return admin_say(request, 400, "no such account or symbol\n");
    }
    struct market *market = admin_market(sim, request);
    for (int side = 0; side < SIDE_COUNT; side++) {
        struct market_leg *leg = &ledger->trader.leg[symbol][side];
        if (leg->amount != 0) {
            double coins = market_unrealized(&ledger->trader, symbol, side);
            int asset = market->symbols[symbol].asset;
            books_move(&ledger->books, &ledger->trader, asset, symbol, "DELIVERED_SETTELMENT", "",
                       coins, sim_now_ms(sim));
            leg->amount = 0;
            leg->entry_price = 0;
            leg->isolated_wallet = 0;
            leg->update_ms = sim_now_ms(sim);
            stream_tell_balance(sim, ledger, "ADJUSTMENT", asset, -1, 0);
        }
    }
    snprintf(market->style.hidden, sizeof market->style.hidden, "%s", market->symbols[symbol].name);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result make_many(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    int side = strcmp(sim_parameter(request, "side"), "LONG") == 0    ? SIDE_LONG
               : strcmp(sim_parameter(request, "side"), "SHORT") == 0 ? SIDE_SHORT
                                                                      : SIDE_BOTH;
    int64_t trades = admin_number(request, "trades", 0),
            income = admin_number(request, "income", 0);
    int64_t types = admin_number(request, "types", 1);
    int64_t now_ms = sim_now_ms(sim);
    int64_t from_ms = admin_number(request, "from_ms", now_ms),
            to_ms = admin_number(request, "to_ms", now_ms);
    /* The last is in no documentation. */
    static const char *const TYPES[] = {"TRANSFER", "WELCOME_BONUS", "INSURANCE_CLEAR", "REBATE+1"};
    if (ledger == NULL || (trades > 0 && symbol < 0) || types < 1 ||
        types > (int64_t)(sizeof TYPES / sizeof TYPES[0])) {
        return admin_say(request, 400, "no such account, symbol or number of types\n");
    }
    for (int64_t i = 0; i < trades; i++) {
        struct market_leg *leg = &ledger->trader.leg[symbol][side];
        int64_t sign = (i % 2 == 0) == (side != SIDE_SHORT) ? 1 : -1;
        struct market_fill *fill = market_fill(&ledger->trader, symbol, side, sign, now_ms);
        fill->time_ms = from_ms + (to_ms - from_ms) * i / (trades > 1 ? trades - 1 : 1);
        leg->update_ms = to_ms;
        size_t before = ledger->books.income_count;
        stream_tell(sim, ledger);
        ledger->books.income_count =
            admin_number(request, "no_income", 0) ? before : ledger->books.income_count;
    }
    for (int64_t i = 0; i < income; i++) {
        books_move(&ledger->books, &ledger->trader, 0, -1, TYPES[i % types], "DEPOSIT", 0.00000001,
                   now_ms);
    }
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result hide(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    const char *what = sim_parameter(request, "what");
    if (ledger == NULL) {
        return admin_say(request, 400, "no such account or product\n");
    }
    struct books *books = &ledger->books;
    if (strcmp(what, "wallet") == 0) {
        books->wallet_off_e8 = 1;
    } else if (strcmp(what, "income") == 0 && books->income_count > 0) {
        books->incomes[books->income_count - 1].hidden = true;
    } else if (strcmp(what, "trade") == 0 && books->trade_count > 0) {
        books->trades[books->trade_count - 1].hidden = true;
    } else {
        return admin_say(request, 400, "what: income, trade or wallet\n");
    }
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result write_books(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    char *text = NULL;
    size_t size = 0;
    if (ledger == NULL) {
        return admin_say(request, 400, "no such account or product\n");
    }
    FILE *out = open_memstream(&text, &size);
    books_write(out, &ledger->books, &ledger->trader);
    fclose(out);
    enum MHD_Result result = sim_answer(request, 200, text, size, NULL);
    free(text);
    return result;
}

admin_path *dealings_find(const char *name)
{
    static const struct admin_path_name PATHS[] = {
        {"trade", trade},
        {"transfer", transfer},
        {"funding", fund},
        {"liquidate", liquidate},
        {"deliver", deliver},
        {"many", make_many},
        {"hide", hide},
        {"books", write_books},
        {"move", move_price},
        {"order", order},
        {"income", add_income},
        {"index", set_index},
        {"exchange", exchange_assets},
        {"leverage", set_leverage},
        {"multi", set_multi_assets},
        {"fees", set_fees},
        {0},
    };
    return admin_find(PATHS, name);
}
