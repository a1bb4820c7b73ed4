/* The paths by which a test tells the exchange how to behave:
 *
 *   /sim/fault?kind=status&status=429&retry_after=2&count=1   kinds: see faults.h; the body of a
 *                                                              POST is the answer of kind=body
 *        &delay_ms=N            it comes so late
 *   /sim/style?new_fields=1&plain_numbers=1&short_decimals=1&hidden=SYMBOL&added=SYMBOL
 *   /sim/clock?offset_ms=N      the exchange's clock against the machine's; the Date of each answer
 *                               is of the exchange's
 *   /sim/key?account=NAME&revoked=1
 *   /sim/mode?account=NAME&hedge=1   to hedge mode, or (0) to one-way mode
 *   /sim/weight?limit=N&others=N     weight a minute; what other programs on the address use now
 *        &minute_offset_ms=N    its minute begins so much later than the exchange's clock says, or
 *                               earlier
 *   /sim/weights                each minute: when it began by the exchange's clock, what was used
 *                               at most, how many requests were refused; one JSON object a line
 *   /sim/silence?to=all         accepts connections and requests, and answers none of them; `rest`,
 *                               `stream`: those alone; `nothing`: again, and what waits is hung up
 *        &account=PATTERN       of the accounts with such names, as `a1*`; else of everybody
 *   /sim/trade?account=NAME&symbol=S&side=LONG&amount=N   buys N contracts (sells where N < 0)
 *   /sim/transfer?account=NAME&asset=BTC&amount=1.5   moves coins in, or out
 *        &hide=1           its income is not told
 *   /sim/funding?account=NAME&rate=0.0001             every open position of a perpetual pays, or
 * is paid, and fundingRate tells of the rate &paid=0.0002           but this is what is paid
 *   /sim/move?account=NAME&symbol=S&share=-0.03       its price rises, or falls, by that share
 *   /sim/liquidate?account=NAME&symbol=S&side=LONG
 *   /sim/deliver?account=NAME&symbol=S      the contract is settled and vanishes
 *   /sim/many?account=NAME&trades=N&symbol=S&side=LONG&from_ms=T&to_ms=T&income=N&types=N
 *        that many trades of one contract to and fro between the two times, and that many
 *        incomes of 0.00000001 now, of so many types in turn: transfers when of one
 *        &no_income=1      the trades make no income
 *   /sim/hide?account=NAME&what=income|trade|wallet
 *        the last income or trade is not told; the next wallet is told wrong by 0.00000001
 *   /sim/books?account=NAME     the account's income, trades and wallets
 *   /sim/stream?account=NAME&drop=N&duplicate=N&delay=N&delay_ms=N&reorder=N&fragment=N&mask=N
 *        &oversize=N&garbage=N  faults of the next messages
 *        &close=CODE, &break=1, &stall=1          of the connection
 *        &expire=1 (2: its E is a text), &forget=1   of the listen key: told, or not
 *        &refuse=1              gives no listen keys (0: again)
 *        &life_ms=N             connections made from now on end after so long
 *        &burst=N&per_second=N  that many messages, at once or at that pace
 *   /sim/connections            every handshake of the stream, when, of whom, and its answer, 0 for
 *                               none; one JSON object a line
 *   /sim/keys                   every listen key that was given, one a line
 *   /sim/streams                how many connections the stream's messages go to
 *   /sim/messages               every message, and whether it was sent
 *   /sim/log                    every request so far, one JSON object a line
 *   /sim/reset                  no faults, no silence, plain style, true clock, empty log */
#include <stdlib.h>
#include <string.h>

#include "prices.h"
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

static enum MHD_Result set_style(struct sim *sim, struct request *request)
{
    struct market_style *style = &sim->style;
    style->new_fields = number(request, "new_fields", style->new_fields) != 0;
    style->plain_numbers = number(request, "plain_numbers", style->plain_numbers) != 0;
    style->short_decimals = number(request, "short_decimals", style->short_decimals) != 0;
    snprintf(style->hidden, sizeof style->hidden, "%s", sim_parameter(request, "hidden"));
    snprintf(style->added, sizeof style->added, "%s", sim_parameter(request, "added"));
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_key(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    account->revoked = number(request, "revoked", 0) != 0;
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_mode(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    market_set_mode(&account->market, sim->symbol_count, number(request, "hedge", 0) != 0);
    return say(request, 200, "ok\n");
}

static enum MHD_Result trade(struct sim *sim, struct request *request)
{
    static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    int symbol = 0, side = 0;
    while (symbol < sim->symbol_count &&
           strcmp(sim->symbols[symbol].name, sim_parameter(request, "symbol")) != 0) {
        symbol++;
    }
    while (side < SIDE_COUNT && strcmp(SIDES[side], sim_parameter(request, "side")) != 0) {
        side++;
    }
    int64_t amount = number(request, "amount", 0);
    if (account == NULL || symbol == sim->symbol_count || side == SIDE_COUNT || amount == 0) {
        return say(request, 400, "no such account, symbol or side, or no amount\n");
    }
    market_fill(&account->market, sim->symbols, symbol, side, amount, sim_now_ms(sim));
    stream_tell(sim, account);
    return say(request, 200, "ok\n");
}

static struct sim_account *named_account(struct sim *sim, struct request *request)
{
    return accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
}

static int named_symbol(const struct sim *sim, struct request *request)
{
    int symbol = 0;
    while (symbol < sim->symbol_count &&
           strcmp(sim->symbols[symbol].name, sim_parameter(request, "symbol")) != 0) {
        symbol++;
    }
    return symbol;
}

static enum MHD_Result transfer(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    int wallet = 0;
    double coins = strtod(sim_parameter(request, "amount"), NULL);
    while (wallet < sim->symbol_count &&
           strcmp(sim->symbols[wallet].asset, sim_parameter(request, "asset")) != 0) {
        wallet++;
    }
    if (account == NULL || wallet == sim->symbol_count) {
        return say(request, 400, "no such account or asset\n");
    }
    books_move(&account->books, &account->market, sim->symbols, wallet, -1, "TRANSFER",
               coins > 0 ? "DEPOSIT" : "WITHDRAW", coins, sim_now_ms(sim));
    account->books.incomes[account->books.income_count - 1].hidden =
        number(request, "hide", 0) != 0;
    stream_tell_balance(sim, account, coins > 0 ? "DEPOSIT" : "WITHDRAW", wallet, -1, coins);
    return say(request, 200, "ok\n");
}

static enum MHD_Result move_price(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    int symbol = named_symbol(sim, request);
    double share = strtod(sim_parameter(request, "share"), NULL);
    if (account == NULL || symbol == sim->symbol_count || share <= -1) {
        return say(request, 400, "no such account or symbol, or no price left\n");
    }
    account->market.price[symbol] *= 1 + share;
    return say(request, 200, "ok\n");
}

static enum MHD_Result fund(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    double rate = strtod(sim_parameter(request, "rate"), NULL);
    const char *paid = sim_parameter(request, "paid");
    double paid_rate = paid[0] == '\0' ? rate : strtod(paid, NULL);
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    int64_t now_ms = sim_now_ms(sim);
    for (int i = 0; i < sim->symbol_count; i++) {
        if (sim->symbols[i].perpetual) {
            prices_note_funding(sim, i, rate, account->market.price[i], now_ms);
        }
        for (int side = 0; side < SIDE_COUNT; side++) {
            const struct market_leg *leg = &account->market.leg[i][side];
            int wallet = market_wallet_index(sim->symbols, i);
            double coins = -(double)leg->amount * sim->symbols[i].contract_size /
                           account->market.price[i] * paid_rate;
            if (leg->amount != 0 && sim->symbols[i].perpetual) {
                books_move(&account->books, &account->market, sim->symbols, wallet, i,
                           "FUNDING_FEE", "", coins, now_ms);
                stream_tell_balance(sim, account, "FUNDING_FEE", wallet, i, 0);
            }
        }
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result liquidate(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    int symbol = named_symbol(sim, request), side = 0;
    static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};
    while (side < SIDE_COUNT && strcmp(SIDES[side], sim_parameter(request, "side")) != 0) {
        side++;
    }
    if (account == NULL || symbol == sim->symbol_count || side == SIDE_COUNT ||
        account->market.leg[symbol][side].amount == 0) {
        return say(request, 400, "no such position\n");
    }
    struct market_fill *fill =
        market_fill(&account->market, sim->symbols, symbol, side,
                    -account->market.leg[symbol][side].amount, sim_now_ms(sim));
    fill->is_liquidation = true;
    int64_t time_ms = fill->time_ms;
    stream_tell(sim, account);
    books_move(&account->books, &account->market, sim->symbols,
               market_wallet_index(sim->symbols, symbol), symbol, "INSURANCE_CLEAR", "",
               -0.00012345, time_ms);
    return say(request, 200, "ok\n");
}

/* Settled at the market's price: no trade, an income of its own, and the contract is gone. */
static enum MHD_Result deliver(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    int symbol = named_symbol(sim, request);
    if (account == NULL || symbol == sim->symbol_count) {
        return say(request, 400, "no such account or symbol\n");
    }
    for (int side = 0; side < SIDE_COUNT; side++) {
        struct market_leg *leg = &account->market.leg[symbol][side];
        if (leg->amount != 0) {
            double coins = market_unrealized(&account->market, sim->symbols, symbol, side);
            int wallet = market_wallet_index(sim->symbols, symbol);
            books_move(&account->books, &account->market, sim->symbols, wallet, symbol,
                       "DELIVERED_SETTELMENT", "", coins, sim_now_ms(sim));
            leg->amount = 0;
            leg->entry_price = 0;
            leg->isolated_wallet = 0;
            leg->update_ms = sim_now_ms(sim);
            stream_tell_balance(sim, account, "ADJUSTMENT", wallet, -1, 0);
        }
    }
    snprintf(sim->style.hidden, sizeof sim->style.hidden, "%s", sim->symbols[symbol].name);
    return say(request, 200, "ok\n");
}

static enum MHD_Result make_many(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    int symbol = named_symbol(sim, request);
    int side = strcmp(sim_parameter(request, "side"), "LONG") == 0    ? SIDE_LONG
               : strcmp(sim_parameter(request, "side"), "SHORT") == 0 ? SIDE_SHORT
                                                                      : SIDE_BOTH;
    int64_t trades = number(request, "trades", 0), income = number(request, "income", 0);
    int64_t types = number(request, "types", 1);
    int64_t now_ms = sim_now_ms(sim);
    int64_t from_ms = number(request, "from_ms", now_ms), to_ms = number(request, "to_ms", now_ms);
    /* The last is in no documentation. */
    static const char *const TYPES[] = {"TRANSFER", "WELCOME_BONUS", "INSURANCE_CLEAR", "REBATE+1"};
    if (account == NULL || (trades > 0 && symbol == sim->symbol_count) || types < 1 ||
        types > (int64_t)(sizeof TYPES / sizeof TYPES[0])) {
        return say(request, 400, "no such account, symbol or number of types\n");
    }
    for (int64_t i = 0; i < trades; i++) {
        struct market_leg *leg = &account->market.leg[symbol][side];
        int64_t sign = (i % 2 == 0) == (side != SIDE_SHORT) ? 1 : -1;
        struct market_fill *fill =
            market_fill(&account->market, sim->symbols, symbol, side, sign, now_ms);
        fill->time_ms = from_ms + (to_ms - from_ms) * i / (trades > 1 ? trades - 1 : 1);
        leg->update_ms = to_ms;
        size_t before = account->books.income_count;
        stream_tell(sim, account);
        account->books.income_count =
            number(request, "no_income", 0) ? before : account->books.income_count;
    }
    for (int64_t i = 0; i < income; i++) {
        books_move(&account->books, &account->market, sim->symbols, 0, -1, TYPES[i % types],
                   "DEPOSIT", 0.00000001, now_ms);
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result hide(struct sim *sim, struct request *request)
{
    struct sim_account *account = named_account(sim, request);
    const char *what = sim_parameter(request, "what");
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    struct books *books = &account->books;
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
    struct sim_account *account = named_account(sim, request);
    char *text = NULL;
    size_t size = 0;
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    FILE *out = open_memstream(&text, &size);
    books_write(out, &account->books, &account->market, sim->symbols, sim->symbol_count);
    fclose(out);
    enum MHD_Result result = sim_answer(request, 200, text, size, NULL);
    free(text);
    return result;
}

static enum MHD_Result set_stream(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    struct sim_stream_state *state = &account->stream;
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
    if (number(request, "burst", 0) > 0) {
        state->burst_left = number(request, "burst", 0);
        state->burst_a_ms = (double)number(request, "per_second", 0) / 1000;
        state->burst_since_ms = sim_machine_ms();
        state->burst_sent = 0;
    }
    if (number(request, "expire", 0) != 0) {
        stream_expire_key(sim, account, number(request, "expire", 0) == 2);
    }
    if (number(request, "forget", 0) != 0) {
        state->listen_key[0] = '\0';
    }
    if (number(request, "close", 0) != 0 || number(request, "break", 0) != 0 ||
        number(request, "stall", 0) != 0) {
        stream_end(sim, account, (int)number(request, "close", 0),
                   number(request, "stall", 0) != 0);
    }
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
    sim->style = (struct market_style){0};
    sim->clock_offset_ms = 0;
    weight_reset(&sim->weight);
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
    };
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        if (strcmp(path + strlen("/sim/"), PATHS[i].path) == 0) {
            return PATHS[i].answer(sim, request);
        }
    }
    return say(request, 404, "no such path; see tests/sim/admin.c\n");
}
