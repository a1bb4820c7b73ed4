/* The paths by which a test tells the exchange how to behave:
 *
 *   /sim/fault?kind=status&status=429&retry_after=2&count=1   kinds: see faults.h; the body of a
 *                                                              POST is the answer of kind=body
 *        &delay_ms=N            it comes so late
 *        &product=usd-m         of this product alone; else of any
 *   /sim/style?product=P&new_fields=1&plain_numbers=1&short_decimals=1&hidden=SYMBOL&added=SYMBOL
 *   /sim/clock?offset_ms=N      the exchange's clock against the machine's; the Date of each answer
 *                               is of the exchange's
 *   /sim/key?account=NAME&revoked=1
 *        &futures=0             its futures do not know the key, as of Portfolio Margin
 *        &rights=NAME,NAME      what it may do, in the words of apiRestrictions
 *   /sim/mode?account=NAME&hedge=1   to hedge mode, or (0) to one-way mode: on both products
 *   /sim/weight?limit=N&others=N     weight a minute; what other programs on the address use now
 *        &minute_offset_ms=N    its minute begins so much later than the exchange's clock says, or
 *                               earlier
 *   /sim/weights                each minute: when it began by the exchange's clock, what was used
 *                               at most, how many requests were refused; one JSON object a line
 *   /sim/silence?to=all         accepts connections and requests, and answers none of them; `rest`,
 *                               `stream`: those alone; `nothing`: again, and what waits is hung up
 *        &account=PATTERN       of the accounts with such names, as `a1*`; else of everybody
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
 *   /sim/stream?account=NAME&product=P&drop=N&duplicate=N&delay=N&delay_ms=N&reorder=N&fragment=N
 *        &mask=N&oversize=N&garbage=N   faults of the next messages
 *        &close=CODE, &break=1, &stall=1          of the connection
 *        &expire=1 (2: its E is a text), &forget=1   of the listen key: told, or not
 *        &refuse=1              gives no listen keys (0: again)
 *        &life_ms=N             connections made from now on end after so long
 *        &mute=1                they say nothing after their handshake (0: again)
 *        &burst=N&per_second=N  that many messages, at once or at that pace
 *   /sim/tell?account=NAME&product=P     the stream says the body of this POST, a JSON text
 *   /sim/connections            every handshake of the stream, when, of whom, and its answer, 0 for
 *                               none; one JSON object a line
 *   /sim/keys                   every listen key that was given, one a line
 *   /sim/streams                how many connections the stream's messages go to
 *   /sim/messages               every message, and whether it was sent
 *   /sim/log                    every request so far, one JSON object a line
 *   /sim/reset                  no faults, no silence, plain style, true clock, empty log
 *
 * product=P is coin-m or usd-m, and coin-m where it is not said: the same words for both. A symbol
 * that is not ASCII is percent-encoded here too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prices.h"
#include "rights.h"
#include "silence.h"
#include "sim.h"

#define STALL_MS (60 * 60 * 1000)

static int64_t number(struct request *request, const char *name, int64_t standard)
{
    const char *value = sim_parameter(request, name);
    return value[0] == '\0' ? standard : strtoll(value, NULL, 10);
}

static enum MHD_Result say(struct request *request, int status, const char *text)
{
    return sim_answer(request, status, text, strlen(text), NULL);
}

static enum MHD_Result add_fault(struct sim *sim, struct request *request)
{
    struct fault fault = {
        .kind = fault_kind_from_name(sim_parameter(request, "kind")),
        .count = number(request, "count", 1),
        .status = (int)number(request, "status", 200),
        .code = (int)number(request, "code", 0),
        .retry_after_s = (int)number(request, "retry_after", 0),
        .delay_ms = number(request, "delay_ms",
                           strcmp(sim_parameter(request, "kind"), "stall") == 0 ? STALL_MS : 0),
        .size = (size_t)number(request, "size", 17 << 20),
    };
    const char *endpoint = sim_parameter(request, "endpoint");
    snprintf(fault.account, sizeof fault.account, "%s", sim_parameter(request, "account"));
    snprintf(fault.product, sizeof fault.product, "%s", sim_parameter(request, "product"));
    snprintf(fault.endpoint, sizeof fault.endpoint, "%s",
             endpoint[0] == '\0' ? "positionRisk" : endpoint);
    snprintf(fault.message, sizeof fault.message, "%s", sim_parameter(request, "message"));
    if (fault.kind == FAULT_NONE) {
        return say(request, 400, "no such kind of fault\n");
    }
    fault.body = request->upload;
    fault.body_size = request->upload_size;
    request->upload = NULL;
    if (!faults_add(&sim->faults, &fault)) {
        free(fault.body);
        return say(request, 400, "too many faults\n");
    }
    return say(request, 200, "ok\n");
}

/* The product that is named, or COIN-M; NULL when there is none of that name. */
static struct market *named_market(struct sim *sim, struct request *request)
{
    const char *name = sim_parameter(request, "product");
    int product = name[0] == '\0' ? COIN_M : product_named(name);
    return product == PRODUCT_COUNT ? NULL : &sim->markets[product];
}

static struct sim_account *named_account(struct sim *sim, struct request *request)
{
    return accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
}

/* The ledger of the account and the product that are named; NULL for none. */
static struct sim_ledger *named_ledger(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    struct market *market = named_market(sim, request);
    return account == NULL || market == NULL ? NULL : &account->ledgers[market - sim->markets];
}

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

static enum MHD_Result set_style(struct sim *sim, struct request *request)
{
    struct market *market = named_market(sim, request);
    if (market == NULL) {
        return say(request, 400, "no such product\n");
    }
    struct market_style *style = &market->style;
    style->new_fields = number(request, "new_fields", style->new_fields) != 0;
    style->plain_numbers = number(request, "plain_numbers", style->plain_numbers) != 0;
    style->short_decimals = number(request, "short_decimals", style->short_decimals) != 0;
    snprintf(style->hidden, sizeof style->hidden, "%s", sim_parameter(request, "hidden"));
    snprintf(style->added, sizeof style->added, "%s", sim_parameter(request, "added"));
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_key(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    const char *rights = sim_parameter(request, "rights");
    if (rights[0] != '\0' && !rights_read(rights, &account->rights)) {
        return say(request, 400, "no such right\n");
    }
    account->revoked = number(request, "revoked", 0) != 0;
    account->has_no_futures = number(request, "futures", 1) == 0;
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_mode(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    account->hedge = number(request, "hedge", 0) != 0;
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        market_set_mode(&account->ledgers[i].trader, account->hedge);
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result trade(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    int64_t amount = symbol < 0 ? 0 : named_amount(ledger, symbol, request);
    if (symbol < 0 || side == SIDE_COUNT || amount == 0) {
        return say(request, 400, "no such account, symbol or side, or no amount\n");
    }
    market_fill(&ledger->trader, symbol, side, amount, sim_now_ms(sim));
    stream_tell(sim, ledger);
    return say(request, 200, "ok\n");
}

/* An order that rests moves no wallet and no position. */
static enum MHD_Result order(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    double price = decimal(request, "price");
    if (symbol < 0 || side == SIDE_COUNT) {
        return say(request, 400, "no such account, symbol or side\n");
    }
    struct market_leg *leg = &ledger->trader.leg[symbol][side];
    int64_t amount = named_amount(ledger, symbol, request);
    if (amount == 0 ? leg->order_amount == 0 : price <= 0 || leg->order_amount != 0) {
        return say(request, 400, "no order rests, or one does already, or no price\n");
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
    return say(request, 200, "ok\n");
}

static enum MHD_Result transfer(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int asset = named_asset(ledger, request, "asset");
    double coins = decimal(request, "amount");
    const char *reason = coins > 0 ? "DEPOSIT" : "WITHDRAW";
    if (asset < 0) {
        return say(request, 400, "no such account or asset\n");
    }
    books_move(&ledger->books, &ledger->trader, asset, -1, "TRANSFER", reason, coins,
               sim_now_ms(sim));
    ledger->books.incomes[ledger->books.income_count - 1].hidden = number(request, "hide", 0) != 0;
    stream_tell_balance(sim, ledger, reason, asset, -1, coins);
    return say(request, 200, "ok\n");
}

static enum MHD_Result add_income(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int asset = named_asset(ledger, request, "asset");
    const char *type = sim_parameter(request, "type");
    if (asset < 0 || type[0] == '\0') {
        return say(request, 400, "no such account or asset, or no type\n");
    }
    books_move(&ledger->books, &ledger->trader, asset, named_symbol(ledger, request), type,
               sim_parameter(request, "info"), decimal(request, "amount"), sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "ADJUSTMENT", asset, -1, decimal(request, "amount"));
    return say(request, 200, "ok\n");
}

static enum MHD_Result exchange_assets(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int from = named_asset(ledger, request, "from"), to = named_asset(ledger, request, "to");
    double coins = decimal(request, "amount");
    if (from < 0 || to < 0 || from == to || coins <= 0) {
        return say(request, 400, "no such account or assets, or no amount\n");
    }
    const struct market_asset *assets = ledger->trader.market->assets;
    double got = market_unit(coins * (double)assets[from].index_e8 / (double)assets[to].index_e8);
    books_move(&ledger->books, &ledger->trader, from, -1, "AUTO_EXCHANGE", "", -coins,
               sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "AUTO_EXCHANGE", from, -1, -coins);
    books_move(&ledger->books, &ledger->trader, to, -1, "AUTO_EXCHANGE", "", got, sim_now_ms(sim));
    stream_tell_balance(sim, ledger, "AUTO_EXCHANGE", to, -1, got);
    return say(request, 200, "ok\n");
}

static enum MHD_Result move_price(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    double share = decimal(request, "share"), price = decimal(request, "price");
    if (symbol < 0 || share <= -1) {
        return say(request, 400, "no such account or symbol, or no price left\n");
    }
    double *now = &ledger->trader.price[symbol];
    *now = price > 0 ? price : *now * (1 + share);
    ledger->trader.still = number(request, "still", ledger->trader.still) != 0;
    return say(request, 200, "ok\n");
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
    return found ? say(request, 200, "ok\n") : say(request, 400, "no such asset, or no index\n");
}

static enum MHD_Result set_leverage(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    int64_t leverage = number(request, "leverage", 0);
    side = side == SIDE_COUNT ? SIDE_BOTH : side;
    if (symbol < 0 || leverage < 0 || leverage > 150) {
        return say(request, 400, "no such account or symbol, or no such leverage\n");
    }
    bool isolated = number(request, "isolated", ledger->trader.leg[symbol][side].isolated) != 0;
    market_set_leverage(&ledger->trader, symbol, side, (int)leverage, isolated);
    stream_tell(sim, ledger);
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_multi_assets(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    struct sim_ledger *ledger = &account->ledgers[USD_M];
    ledger->trader.multi_assets = number(request, "on", 1) != 0;
    stream_tell_multi_assets(sim, ledger);
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_fees(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    const char *name = sim_parameter(request, "asset");
    int asset = market_find_asset(&sim->markets[USD_M], name);
    if (account == NULL || (name[0] != '\0' && asset < 0)) {
        return say(request, 400, "no such account or asset\n");
    }
    account->ledgers[USD_M].trader.fee_asset = asset;
    return say(request, 200, "ok\n");
}

static enum MHD_Result fund(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    double rate = decimal(request, "rate");
    double paid = sim_parameter(request, "paid")[0] == '\0' ? rate : decimal(request, "paid");
    bool special = number(request, "special", 0) != 0;
    if (ledger == NULL) {
        return say(request, 400, "no such account\n");
    }
    struct market *market = named_market(sim, request);
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
    return say(request, 200, "ok\n");
}

static enum MHD_Result liquidate(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request), side = named_side(request);
    if (symbol < 0 || side == SIDE_COUNT || ledger->trader.leg[symbol][side].amount == 0) {
        return say(request, 400, "no such position\n");
    }
    struct market_account *trader = &ledger->trader;
    struct market_fill *fill =
        market_fill(trader, symbol, side, -trader->leg[symbol][side].amount, sim_now_ms(sim));
    fill->is_liquidation = true;
    int64_t time_ms = fill->time_ms;
    stream_tell(sim, ledger);
    books_move(&ledger->books, trader, trader->market->symbols[symbol].asset, symbol,
               "INSURANCE_CLEAR", "", -0.00012345, time_ms);
    return say(request, 200, "ok\n");
}

/* Settled at the market's price: no trade, an income of its own, and the contract is gone. */
static enum MHD_Result deliver(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    if (symbol < 0) {
        return say(request, 400, "no such account or symbol\n");
    }
    struct market *market = named_market(sim, request);
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
    return say(request, 200, "ok\n");
}

static enum MHD_Result make_many(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    int symbol = named_symbol(ledger, request);
    int side = strcmp(sim_parameter(request, "side"), "LONG") == 0    ? SIDE_LONG
               : strcmp(sim_parameter(request, "side"), "SHORT") == 0 ? SIDE_SHORT
                                                                      : SIDE_BOTH;
    int64_t trades = number(request, "trades", 0), income = number(request, "income", 0);
    int64_t types = number(request, "types", 1);
    int64_t now_ms = sim_now_ms(sim);
    int64_t from_ms = number(request, "from_ms", now_ms), to_ms = number(request, "to_ms", now_ms);
    /* The last is in no documentation. */
    static const char *const TYPES[] = {"TRANSFER", "WELCOME_BONUS", "INSURANCE_CLEAR", "REBATE+1"};
    if (ledger == NULL || (trades > 0 && symbol < 0) || types < 1 ||
        types > (int64_t)(sizeof TYPES / sizeof TYPES[0])) {
        return say(request, 400, "no such account, symbol or number of types\n");
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
            number(request, "no_income", 0) ? before : ledger->books.income_count;
    }
    for (int64_t i = 0; i < income; i++) {
        books_move(&ledger->books, &ledger->trader, 0, -1, TYPES[i % types], "DEPOSIT", 0.00000001,
                   now_ms);
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result hide(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    const char *what = sim_parameter(request, "what");
    if (ledger == NULL) {
        return say(request, 400, "no such account or product\n");
    }
    struct books *books = &ledger->books;
    if (strcmp(what, "wallet") == 0) {
        books->wallet_off_e8 = 1;
    } else if (strcmp(what, "income") == 0 && books->income_count > 0) {
        books->incomes[books->income_count - 1].hidden = true;
    } else if (strcmp(what, "trade") == 0 && books->trade_count > 0) {
        books->trades[books->trade_count - 1].hidden = true;
    } else {
        return say(request, 400, "what: income, trade or wallet\n");
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result write_books(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    char *text = NULL;
    size_t size = 0;
    if (ledger == NULL) {
        return say(request, 400, "no such account or product\n");
    }
    FILE *out = open_memstream(&text, &size);
    books_write(out, &ledger->books, &ledger->trader);
    fclose(out);
    enum MHD_Result result = sim_answer(request, 200, text, size, NULL);
    free(text);
    return result;
}

static enum MHD_Result set_stream(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    if (ledger == NULL) {
        return say(request, 400, "no such account or product\n");
    }
    struct sim_stream_state *state = &ledger->stream;
    state->drop += (int)number(request, "drop", 0);
    state->duplicate += (int)number(request, "duplicate", 0);
    state->delay += (int)number(request, "delay", 0);
    state->delay_ms = number(request, "delay_ms", state->delay_ms);
    state->reorder += (int)number(request, "reorder", 0);
    state->fragment += (int)number(request, "fragment", 0);
    state->mask += (int)number(request, "mask", 0);
    state->oversize += (int)number(request, "oversize", 0);
    state->garbage += (int)number(request, "garbage", 0);
    state->refuses_keys = number(request, "refuse", state->refuses_keys) != 0;
    sim->stream_life_ms = number(request, "life_ms", sim->stream_life_ms);
    sim->streams_stall = number(request, "mute", sim->streams_stall) != 0;
    if (number(request, "burst", 0) > 0) {
        state->burst_left = number(request, "burst", 0);
        state->burst_a_ms = (double)number(request, "per_second", 0) / 1000;
        state->burst_since_ms = sim_machine_ms();
        state->burst_sent = 0;
    }
    if (number(request, "expire", 0) != 0) {
        stream_expire_key(sim, ledger, number(request, "expire", 0) == 2);
    }
    if (number(request, "forget", 0) != 0) {
        state->listen_key[0] = '\0';
    }
    if (number(request, "close", 0) != 0 || number(request, "break", 0) != 0 ||
        number(request, "stall", 0) != 0) {
        stream_end(sim, ledger, (int)number(request, "close", 0), number(request, "stall", 0) != 0);
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result tell(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = named_ledger(sim, request);
    if (ledger == NULL || request->upload_size == 0) {
        return say(request, 400, "no such account or product, or no message\n");
    }
    stream_send(sim, ledger, strndup(request->upload, request->upload_size));
    return say(request, 200, "ok\n");
}

static enum MHD_Result write_file(struct request *request, FILE *file, char *const *text,
                                  const size_t *size)
{
    fflush(file);
    return sim_answer(request, 200, *text, *size, NULL);
}

static enum MHD_Result reset(struct sim *sim, struct request *request)
{
    faults_clear(&sim->faults);
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        sim->markets[i].style = (struct market_style){0};
    }
    sim->clock_offset_ms = 0;
    weight_reset(&sim->weight);
    weight_reset(&sim->spot_weight);
    silence_set(sim, "", 0);
    for (int i = 0; i < sim->accounts.count; i++) {
        sim->accounts.list[i].revoked = false;
    }
    return sim_log_open(sim) ? say(request, 200, "ok\n") : MHD_NO;
}

static enum MHD_Result set_clock(struct sim *sim, struct request *request)
{
    sim->clock_offset_ms = number(request, "offset_ms", 0);
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_weight(struct sim *sim, struct request *request)
{
    struct weight *weight = &sim->weight;
    weight->limit = (int)number(request, "limit", weight->limit);
    weight->minute_offset_ms = number(request, "minute_offset_ms", weight->minute_offset_ms);
    weight_add(weight, (int)number(request, "others", 0), sim_now_ms(sim));
    return say(request, 200, "ok\n");
}

static enum MHD_Result write_weights(struct sim *sim, struct request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    weight_write(&sim->weight, out);
    fclose(out);
    enum MHD_Result result = sim_answer(request, 200, text, size, NULL);
    free(text);
    return result;
}

static enum MHD_Result set_silence(struct sim *sim, struct request *request)
{
    static const struct {
        const char *name;
        unsigned what;
    } KINDS[] = {{"rest", SILENT_REST},
                 {"stream", SILENT_STREAM},
                 {"all", SILENT_REST | SILENT_STREAM},
                 {"nothing", 0}};
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (strcmp(sim_parameter(request, "to"), KINDS[i].name) == 0 &&
            silence_set(sim, sim_parameter(request, "account"), KINDS[i].what)) {
            return say(request, 200, "ok\n");
        }
    }
    return say(request, 400, "no such account, or no such thing to be silent to\n");
}

static enum MHD_Result write_keys(struct sim *sim, struct request *request)
{
    return write_file(request, sim->keys_file, &sim->keys, &sim->keys_size);
}

static enum MHD_Result write_handshakes(struct sim *sim, struct request *request)
{
    return write_file(request, sim->handshakes_file, &sim->handshakes, &sim->handshakes_size);
}

static enum MHD_Result write_messages(struct sim *sim, struct request *request)
{
    return write_file(request, sim->messages_file, &sim->messages, &sim->messages_size);
}

static enum MHD_Result write_log(struct sim *sim, struct request *request)
{
    return write_file(request, sim->log_file, &sim->log, &sim->log_size);
}

/* How many connections messages are sent to: one is among them a moment after its handshake. */
static enum MHD_Result count_streams(struct sim *sim, struct request *request)
{
    char text[24];
    snprintf(text, sizeof text, "%d\n", stream_count(sim));
    return say(request, 200, text);
}

enum MHD_Result admin_answer(struct sim *sim, struct request *request, const char *path)
{
    static const struct {
        const char *path;
        enum MHD_Result (*answer)(struct sim *sim, struct request *request);
    } PATHS[] = {
        {"fault", add_fault},       {"style", set_style},
        {"clock", set_clock},       {"key", set_key},
        {"mode", set_mode},         {"weight", set_weight},
        {"trade", trade},           {"stream", set_stream},
        {"keys", write_keys},       {"messages", write_messages},
        {"log", write_log},         {"reset", reset},
        {"transfer", transfer},     {"funding", fund},
        {"liquidate", liquidate},   {"deliver", deliver},
        {"many", make_many},        {"hide", hide},
        {"books", write_books},     {"streams", count_streams},
        {"move", move_price},       {"silence", set_silence},
        {"weights", write_weights}, {"connections", write_handshakes},
        {"order", order},           {"income", add_income},
        {"index", set_index},       {"exchange", exchange_assets},
        {"leverage", set_leverage}, {"multi", set_multi_assets},
        {"fees", set_fees},         {"tell", tell},
    };
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        if (strcmp(path + strlen("/sim/"), PATHS[i].path) == 0) {
            return PATHS[i].answer(sim, request);
        }
    }
    return say(request, 404, "no such path; see tests/sim/admin.c\n");
}
