#include "exchange/limits.h"
#include "year.h"

#define PRICE 50000

static const char *const SYMBOLS[YEAR_LEGS] = {"BTCUSD_PERP", "ETHUSD_PERP"};

const char *leg_symbol(int leg)
{
    return SYMBOLS[leg];
}

int way_of(int route)
{
    return route == 1 ? 1 : 0;
}

int64_t exchange_ms_at(int64_t boot)
{
    int64_t passed = boot - year->clock_boot;
    return year->clock_exchange_ms + passed + passed * year->clock_ppm / 1000000;
}

int64_t exchange_ms(void)
{
    return exchange_ms_at(year->now);
}

int64_t boot_of_exchange(int64_t wanted_ms)
{
    int64_t boot = year->clock_boot +
                   (wanted_ms - year->clock_exchange_ms) * 1000000 / (1000000 + year->clock_ppm) -
                   2;
    while (exchange_ms_at(boot) < wanted_ms) {
        boot++;
    }
    return boot;
}

static void schedule_ticks(void)
{
    year->clock_serial++;
    for (size_t i = 0; i < year->account_count; i++) {
        int64_t interval_ms = year->settings[i].interval_ms.value;
        int64_t next_ms = (exchange_ms() / interval_ms + 1) * interval_ms;
        event_add(boot_of_exchange(next_ms), EVENT_TICK, (int)i, year->clock_serial);
    }
}

void exchange_set_clock(int64_t by_ms)
{
    year->clock_exchange_ms = exchange_ms() + by_ms;
    year->clock_boot = year->now;
    for (int i = 0; i < YEAR_ROUTES; i++) {
        struct year_route *route = &year->routes[i];
        route->doubt_since = year->now;
        route->is_in_doubt = route->needs_time = true;
        route->set_by_ms = llabs(by_ms);
    }
    for (size_t i = 0; i < year->account_count; i++) {
        for (size_t k = 0; k < year->accounts[i].tick_count && k < TICKS_KEPT; k++) {
            year->accounts[i].ticks[k] = (struct year_tick){0}; /* they can come again */
        }
    }
    schedule_ticks();
}

void exchange_start(void)
{
    year->clock_boot = year->now;
    year->clock_exchange_ms = TEST_NOW_MS + draw(YEAR_DAY);
    year->clock_ppm = draw(201) - 100;
    year->minute_offset_ms = draw(301) - 150;
    for (size_t i = 0; i < year->account_count; i++) {
        struct year_account *account = &year->accounts[i];
        account->wallet_e8 = 100000000;
        account->wallet_ms = exchange_ms();
        for (int k = 0; k < YEAR_LEGS; k++) {
            account->legs[k].next_trade_id = 1000;
        }
        event_add(year->now + draw(YEAR_HOUR), EVENT_FILL, (int)i, 0);
        event_add(year->now + draw(YEAR_HOUR), EVENT_FUNDING, (int)i, 0);
    }
    schedule_ticks();
}

static void add_income(struct year_account *account, const char *type, int leg, int64_t trade_id,
                       int64_t amount_e8)
{
    if (account->income_count == account->income_capacity) {
        account->income_capacity = account->income_capacity * 2 + 64;
        account->incomes =
            reallocarray(account->incomes, account->income_capacity, sizeof *account->incomes);
        assert_non_null(account->incomes);
    }
    int64_t time_ms = exchange_ms();
    account->incomes[account->income_count] = (struct year_income){
        .time_ms = time_ms,
        .shown_ms = time_ms + (one_in(3) ? draw(30 * YEAR_SECOND) : 0),
        .id = (int64_t)account->income_count + 1,
        .amount_e8 = amount_e8,
        .leg = leg,
        .type = type,
        .trade_id = trade_id,
    };
    account->income_count++;
    account->wallet_e8 += amount_e8;
    account->wallet_ms = time_ms;
}

static void append_coins(struct text *text, int64_t e8)
{
    text_printf(text, "\"%s%lld.%08lld\"", e8 < 0 ? "-" : "", (long long)(llabs(e8) / 100000000),
                (long long)(llabs(e8) % 100000000));
}

static void push_update(struct year_account *account, const char *reason, int leg)
{
    struct text text = {0};
    long long now_ms = exchange_ms();
    text_printf(&text,
                "{\"e\":\"ACCOUNT_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"%lld\",\"a\":{\"m\":"
                "\"%s\",\"B\":[{\"a\":\"BTC\",\"wb\":",
                now_ms, now_ms, (long long)++year->next_serial, reason);
    append_coins(&text, account->wallet_e8);
    text_append_string(&text, ",\"cw\":");
    append_coins(&text, account->wallet_e8);
    text_append_string(&text, ",\"bc\":\"0\"}],\"P\":[");
    if (leg >= 0) {
        text_printf(&text,
                    "{\"s\":\"%s\",\"pa\":\"%lld\",\"ep\":\"%d.0\",\"bep\":\"%d.0\",\"cr\":\"0\","
                    "\"up\":\"0\",\"mt\":\"cross\",\"iw\":\"0\",\"ps\":\"BOTH\"}",
                    SYMBOLS[leg], (long long)account->legs[leg].amount, PRICE, PRICE);
    }
    text_append_string(&text, "]}}");
    network_push(account, text_string(&text));
    text_free(&text);
}

static void push_trade(struct year_account *account, const struct year_trade *trade)
{
    struct text text = {0};
    long long now_ms = trade->time_ms;
    text_printf(
        &text,
        "{\"e\":\"ORDER_TRADE_UPDATE\",\"E\":%lld,\"T\":%lld,\"i\":\"a\",\"o\":{\"s\":\"%s\","
        "\"c\":\"x\",\"S\":\"%s\",\"o\":\"MARKET\",\"f\":\"GTC\",\"q\":\"%lld\",\"p\":\"0\","
        "\"ap\":\"%d\",\"sp\":\"0\",\"x\":\"TRADE\",\"X\":\"FILLED\",\"i\":%lld,\"l\":\"%lld\","
        "\"z\":\"%lld\",\"L\":\"%d\",\"ma\":\"BTC\",\"N\":\"BTC\",\"n\":\"0.00000100\","
        "\"T\":%lld,\"t\":%lld,\"rp\":\"0\",\"m\":false,\"R\":false,\"ps\":\"BOTH\"}}",
        now_ms, now_ms, SYMBOLS[trade->leg], trade->quantity < 0 ? "SELL" : "BUY",
        llabs(trade->quantity), PRICE, (long long)trade->id, llabs(trade->quantity),
        llabs(trade->quantity), PRICE, now_ms, (long long)trade->id);
    network_push(account, text_string(&text));
    text_free(&text);
}

void exchange_fill(struct year_account *account)
{
    int leg = (int)draw(YEAR_LEGS);
    int64_t quantity = draw(9) - 4;
    if (one_in(3) && account->legs[leg].amount != 0) {
        quantity = -account->legs[leg].amount;
    }
    quantity += quantity == 0;
    if (account->trade_count == account->trade_capacity) {
        account->trade_capacity = account->trade_capacity * 2 + 64;
        account->trades =
            reallocarray(account->trades, account->trade_capacity, sizeof *account->trades);
        assert_non_null(account->trades);
    }
    struct year_trade trade = {
        .time_ms = exchange_ms(),
        .id = account->legs[leg].next_trade_id,
        .quantity = quantity,
        .leg = leg,
    };
    account->legs[leg].next_trade_id += 1 + draw(20);
    account->trades[account->trade_count++] = trade;
    account->legs[leg].amount += quantity;
    account->legs[leg].update_ms = trade.time_ms;
    add_income(account, "COMMISSION", leg, trade.id, -100);
    if (one_in(2)) {
        add_income(account, "REALIZED_PNL", leg, trade.id, draw(2001) - 1000);
    }
    if (!one_in(50)) { /* else the exchange drops it */
        push_update(account, "ORDER", leg);
    }
    if (!one_in(50)) {
        push_trade(account, &trade);
    }
}

void exchange_fund(struct year_account *account)
{
    for (int leg = 0; leg < YEAR_LEGS; leg++) {
        if (account->legs[leg].amount != 0) {
            add_income(account, "FUNDING_FEE", leg, 0, (one_in(2) ? 1 : -1) * (1 + draw(100)));
            push_update(account, "FUNDING_FEE", -1);
        }
    }
}

/* The number that a parameter of the URL has; -1 without it. */
static int64_t parameter(const char *url, const char *name)
{
    const char *found = url;
    size_t size = strlen(name);
    while ((found = strstr(found, name)) != NULL) {
        if ((found[-1] == '?' || found[-1] == '&') && found[size] == '=') {
            return strtoll(found + size + 1, NULL, 10);
        }
        found += size;
    }
    return -1;
}

static void answer_positions(const struct year_account *account, struct text *body)
{
    for (int i = 0; i < YEAR_LEGS; i++) {
        const struct year_leg *leg = &account->legs[i];
        text_printf(body,
                    "%s{\"symbol\":\"%s\",\"positionAmt\":\"%lld\",\"entryPrice\":\"%d.0\","
                    "\"breakEvenPrice\":\"%d.0\",\"markPrice\":\"%d\",\"unRealizedProfit\":\"0\","
                    "\"liquidationPrice\":\"0\",\"leverage\":\"20\",\"maxQty\":\"50\","
                    "\"marginType\":\"cross\",\"isolatedMargin\":\"0\",\"isAutoAddMargin\":"
                    "\"false\",\"positionSide\":\"BOTH\",\"updateTime\":%lld}",
                    i == 0 ? "[" : ",", SYMBOLS[i], (long long)leg->amount,
                    leg->amount != 0 ? PRICE : 0, leg->amount != 0 ? PRICE : 0, PRICE,
                    (long long)leg->update_ms);
    }
    text_append_char(body, ']');
}

static void answer_balances(const struct year_account *account, struct text *body)
{
    text_append_string(body, "{\"assets\":[{\"asset\":\"BTC\",\"walletBalance\":");
    append_coins(body, account->wallet_e8);
    text_printf(body,
                ",\"unrealizedProfit\":\"0\",\"marginBalance\":\"0\",\"maintMargin\":\"0\","
                "\"updateTime\":%lld}],\"positions\":[],\"canDeposit\":true,\"canTrade\":true,"
                "\"canWithdraw\":true,\"feeTier\":0,\"updateTime\":0}",
                (long long)account->wallet_ms);
}

static void answer_income(const struct year_account *account, const char *url, struct text *body)
{
    int64_t start_ms = parameter(url, "startTime"), end_ms = parameter(url, "endTime");
    int64_t limit = parameter(url, "limit"), count = 0;
    text_append_char(body, '[');
    for (size_t i = 0; i < account->income_count && count < limit; i++) {
        const struct year_income *income = &account->incomes[i];
        if (income->time_ms < start_ms || (end_ms >= 0 && income->time_ms > end_ms) ||
            income->shown_ms > exchange_ms()) {
            continue;
        }
        text_printf(
            body, "%s{\"symbol\":\"%s\",\"incomeType\":\"%s\",\"income\":", count++ == 0 ? "" : ",",
            income->leg >= 0 ? SYMBOLS[income->leg] : "", income->type);
        append_coins(body, income->amount_e8);
        text_printf(body,
                    ",\"asset\":\"BTC\",\"info\":\"\",\"time\":%lld,\"tranId\":%lld,\"tradeId\":\"",
                    (long long)income->time_ms, (long long)income->id);
        if (income->trade_id > 0) {
            text_append_int(body, income->trade_id);
        }
        text_append_string(body, "\"}");
    }
    text_append_char(body, ']');
}

static void answer_trades(const struct year_account *account, const char *url, struct text *body)
{
    int64_t start_ms = parameter(url, "startTime"), end_ms = parameter(url, "endTime");
    int64_t limit = parameter(url, "limit"), from_id = parameter(url, "fromId"), count = 0;
    int64_t now_ms = exchange_ms();
    if (start_ms < 0 && from_id < 0) {
        start_ms = now_ms - COIN_M.trades_span_ms_max;
    }
    if (start_ms >= 0 && end_ms < 0) {
        end_ms = start_ms + COIN_M.trades_span_ms_max;
    }
    text_append_char(body, '[');
    for (size_t i = 0; i < account->trade_count && count < limit; i++) {
        const struct year_trade *trade = &account->trades[i];
        const char *symbol = SYMBOLS[trade->leg];
        if (strstr(url, symbol) == NULL || trade->id < from_id ||
            (from_id < 0 && (trade->time_ms < start_ms || trade->time_ms > end_ms))) {
            continue;
        }
        text_printf(body,
                    "%s{\"symbol\":\"%s\",\"id\":%lld,\"orderId\":%lld,\"pair\":\"%.6s\",\"side\":"
                    "\"%s\",\"price\":\"%d\",\"qty\":\"%lld\",\"realizedPnl\":\"0\","
                    "\"marginAsset\":\"BTC\",\"baseQty\":\"0.1\",\"quoteQty\":\"100\","
                    "\"commission\":\"0.00000100\",\"commissionAsset\":\"BTC\",\"time\":%lld,"
                    "\"positionSide\":\"BOTH\",\"buyer\":%s,\"maker\":false}",
                    count++ == 0 ? "" : ",", symbol, (long long)trade->id, (long long)trade->id,
                    symbol, trade->quantity < 0 ? "SELL" : "BUY", PRICE, llabs(trade->quantity),
                    (long long)trade->time_ms, trade->quantity < 0 ? "false" : "true");
    }
    text_append_char(body, ']');
}

static void answer_key(struct year_account *account, struct text *body)
{
    if (!account->key_is_alive || year->now - account->key_extended > YEAR_HOUR) {
        account->key_number++;
        account->key_is_alive = true;
    }
    account->key_extended = year->now;
    text_printf(body, "{\"listenKey\":\"%sKey%lld\"}", account->name,
                (long long)account->key_number);
}

static void answer_contracts(struct text *body)
{
    text_printf(body,
                "{\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\","
                "\"intervalNum\":1,\"limit\":%d}],\"symbols\":[",
                YEAR_LIMIT);
    for (int i = 0; i < YEAR_LEGS; i++) {
        text_printf(body,
                    "%s{\"symbol\":\"%s\",\"pair\":\"%.6s\",\"contractType\":\"PERPETUAL\","
                    "\"deliveryDate\":4133404800000,\"onboardDate\":1597042800000,"
                    "\"contractStatus\":\"TRADING\",\"contractSize\":10,\"marginAsset\":\"BTC\","
                    "\"baseAsset\":\"BTC\",\"quoteAsset\":\"USD\",\"pricePrecision\":1}",
                    i == 0 ? "" : ",", SYMBOLS[i], SYMBOLS[i]);
    }
    text_append_string(body, "]}");
}

/* Funding is paid each 8 hours, as everybody is told. */
static void answer_marks(const char *url, struct text *body)
{
    const int64_t every_ms = INT64_C(8) * 3600000;
    const char *pair = strstr(url, "pair=");
    assert_non_null(pair);
    for (int i = 0; i < YEAR_LEGS; i++) {
        if (strncmp(pair + 5, SYMBOLS[i], 6) == 0) {
            text_printf(
                body,
                "[{\"symbol\":\"%s\",\"pair\":\"%.6s\",\"markPrice\":\"%d.0\",\"time\":%lld,"
                "\"lastFundingRate\":\"0.0001\",\"nextFundingTime\":%lld}]",
                SYMBOLS[i], SYMBOLS[i], PRICE, (long long)exchange_ms(),
                (long long)((exchange_ms() / every_ms + 1) * every_ms));
        }
    }
}

static void answer_rates(const char *url, struct text *body)
{
    const int64_t every_ms = INT64_C(8) * 3600000;
    const char *symbol = strstr(url, "symbol=");
    assert_non_null(symbol);
    text_printf(body, "[{\"symbol\":\"%.11s\",\"fundingTime\":%lld,\"fundingRate\":\"0.0001\"}]",
                symbol + 7, (long long)(exchange_ms() / every_ms * every_ms));
}

static void answer_error(struct http_response *response, int64_t status, const char *body)
{
    response->status = maybe_of(status);
    text_clear(&response->body);
    text_append_string(&response->body, body);
}

static void answer_well(struct year_flight *flight)
{
    struct text *body = &flight->response.body;
    struct year_account *account = flight->account >= 0 ? &year->accounts[flight->account] : NULL;
    flight->response.status = maybe_of(200);
    switch (flight->endpoint) {
    case ENDPOINT_POSITION_RISK:
        answer_positions(account, body);
        break;
    case ENDPOINT_ACCOUNT:
        answer_balances(account, body);
        break;
    case ENDPOINT_INCOME:
        answer_income(account, flight->url, body);
        break;
    case ENDPOINT_USER_TRADES:
        answer_trades(account, flight->url, body);
        break;
    case ENDPOINT_PREMIUM_INDEX:
        answer_marks(flight->url, body);
        break;
    case ENDPOINT_FUNDING_RATE:
        answer_rates(flight->url, body);
        break;
    case ENDPOINT_LISTEN_KEY:
        answer_key(account, body);
        break;
    case ENDPOINT_TIME:
        text_printf(body, "{\"serverTime\":%lld}", (long long)exchange_ms());
        break;
    default:
        answer_contracts(body);
    }
}

static void answer_outage(struct year_flight *flight, enum outage outage)
{
    struct http_response *response = &flight->response;
    switch (outage) {
    case OUTAGE_500:
        answer_error(response, 503, "{\"code\":-1001,\"msg\":\"Internal error\"}");
        break;
    case OUTAGE_RESET:
        response->outcome = OUTCOME_NETWORK_ERROR;
        snprintf(response->reason, sizeof response->reason, "connection reset");
        break;
    case OUTAGE_MAINTENANCE:
        answer_error(response, 403, "{\"239999\":\"The system is under maintenance\"}");
        break;
    case OUTAGE_MAINTENANCE_OK:
        answer_error(response, 200, "{\"code\":-1016,\"msg\":\"Service is under maintenance.\"}");
        break;
    case OUTAGE_FIREWALL:
        answer_error(response, 403, "<html>forbidden</html>");
        break;
    default: /* no answer comes in time */
        flight->down_ms = YEAR_DAY;
    }
}

static void answer_pause(struct http_response *response, struct year_way *way)
{
    int64_t left_s = (way->says_until - year->now + 999) / 1000;
    char body[160];
    bool is_ban = way->pause >= PAUSE_418;
    snprintf(body, sizeof body, "{\"code\":-1003,\"msg\":\"Way too many requests.\"}");
    if (way->pause == PAUSE_418_UNTIL) {
        snprintf(body, sizeof body,
                 "{\"code\":-1003,\"msg\":\"Way too many requests; IP banned until %lld. Please "
                 "use the websocket.\"}",
                 (long long)exchange_ms_at(way->says_until));
    }
    if (way->pause == PAUSE_429_AFTER || way->pause == PAUSE_418_AFTER) {
        response->retry_after_s = maybe_of(left_s > 0 ? left_s : 1);
    }
    answer_error(response, is_ban ? 418 : 429, body);
}

/* Counts its weight. Whether there is still some. */
static bool count(struct year_flight *flight, struct year_way *way)
{
    int64_t own_ms = exchange_ms() + year->minute_offset_ms;
    int64_t minute = own_ms / YEAR_MINUTE;
    int64_t weight = COIN_M.endpoints[flight->endpoint].weight;
    if (minute != way->minute) {
        way->minute = minute;
        way->own = way->own_of_minute = 0;
        way->others_a_minute = year->now < way->busy_until ? 1500 + draw(900) : draw(200);
    }
    way->others = way->others_a_minute * (own_ms % YEAR_MINUTE) / YEAR_MINUTE;
    way->own += weight;
    check_arrived(flight, way, weight);
    return way->own + way->others <= YEAR_LIMIT;
}

void exchange_take(struct year_flight *flight)
{
    struct year_route *route = &year->routes[flight->route];
    struct year_way *way = &year->ways[way_of(flight->route)];
    struct year_account *account = flight->account >= 0 ? &year->accounts[flight->account] : NULL;
    struct http_response *response = &flight->response;
    int64_t timestamp_ms = parameter(flight->url, "timestamp"), now_ms = exchange_ms();
    bool is_signed = strstr(flight->url, "&signature=") != NULL;
    bool odd = !year->is_quiet && year->fault_every_ms > 0 && one_in(300);
    response->has_body = true;
    response->date_ms = maybe_of(now_ms / 1000 * 1000 - (one_in(10) ? 1000 : 0));
    if (year->now < route->outage_until) {
        answer_outage(flight, route->outage);
    } else if (year->now < way->bans_until) {
        answer_pause(response, way);
    } else if (!count(flight, way)) {
        answer_error(response, 429, "{\"code\":-1003,\"msg\":\"Too many requests\"}");
        if (one_in(2)) {
            response->retry_after_s = maybe_of(60 - (now_ms + year->minute_offset_ms) / 1000 % 60);
        }
    } else if (flight->endpoint == ENDPOINT_TIME && year->now < route->time_fails_until) {
        answer_outage(flight, (enum outage)draw(OUTAGE_COUNT));
    } else if (odd) {
        answer_outage(flight, (enum outage)draw(OUTAGE_MAINTENANCE));
    } else if (is_signed &&
               (timestamp_ms > now_ms + 1000 || now_ms - timestamp_ms > RECV_WINDOW_MS_DEFAULT)) {
        answer_error(response, 400,
                     "{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the "
                     "recvWindow.\"}");
    } else if (account != NULL && is_signed && year->now < account->refuses_until) {
        answer_error(response, 401, "{\"code\":-2015,\"msg\":\"Invalid API-key, IP\"}");
    } else {
        answer_well(flight);
    }
    if (response->outcome != OUTCOME_OK) {
        response->has_body = false;
        response->date_ms = (struct maybe_int){0};
    } else if (response->status.value != 403) {
        response->used_weight = maybe_of(way->own + way->others);
    }
}
