#include "ask/host_sources.h"
#include "ask/listen_key.h"
#include "ask/way.h"
#include "exchange/limits.h"
#include "year.h"

#define TURN_SLACK_MS 1500 /* minutes are told apart by clocks that are a little off */
#define SLACK_MS (15 * YEAR_MINUTE)
#define HOST_SLACK_MS (5 * YEAR_MINUTE)

static struct year_way *way_of_account(const struct year_account *account)
{
    return &year->ways[way_of(account->route)];
}

static int64_t budget(void)
{
    return YEAR_LIMIT * year->settings[0].weight_share_percent / 100;
}

static int64_t minute_ms(void)
{
    return exchange_ms() + year->minute_offset_ms;
}

/* The account in whose name something is asked. */
static struct year_account *asking(const struct year_flight *flight)
{
    for (size_t i = 0; flight->account < 0 && i < year->account_count; i++) {
        if (year->accounts[i].route == flight->route) {
            return &year->accounts[i];
        }
    }
    return &year->accounts[flight->account];
}

void check_sent(struct year_flight *flight)
{
    struct year_account *account = asking(flight);
    struct year_route *route = &year->routes[flight->route];
    struct year_way *way = &year->ways[way_of(flight->route)];
    int64_t now_ms = minute_ms(), weight = COIN_M.endpoints[flight->endpoint].weight;
    int64_t into_ms = now_ms % YEAR_MINUTE;
    if (++account->out[flight->endpoint] > 1) {
        year_fail("%s is asked twice at once", flight->url);
    }
    if (++route->out > HOST_OUT_MAX + HOST_HANGING_MAX || ++way->out > WAY_OUT_MAX) {
        year_fail("too many are out");
    }
    if (year->now < way->must_wait_until) {
        int64_t since = way->last_probe > way->pause_since ? way->last_probe : way->pause_since;
        flight->is_probe = flight->endpoint == ENDPOINT_TIME;
        if (!flight->is_probe || year->now - since < LIMITS_PROBE_EVERY_MS) {
            year_fail("%s is asked within a pause, %lld ms before its end", flight->url,
                      (long long)(way->must_wait_until - year->now));
        }
        way->last_probe = year->now;
    }
    if (way->told_minute == now_ms / YEAR_MINUTE && into_ms > TURN_SLACK_MS && !route->needs_time &&
        into_ms < YEAR_MINUTE - TURN_SLACK_MS && way->told + weight > budget()) {
        year_fail("%s is asked, though %lld of %lld are used in this minute", flight->url,
                  (long long)way->told, (long long)budget());
    }
    account->good_ms[flight->endpoint] = 0;
    if (flight->endpoint == ENDPOINT_TIME) {
        route->time_good_ms = 0;
    }
}

void check_arrived(struct year_flight *flight, struct year_way *way, int64_t weight)
{
    const struct year_route *route = &year->routes[flight->route];
    int64_t into_ms = minute_ms() % YEAR_MINUTE;
    flight->minute = way->minute;
    if (flight->is_lost || route->needs_time || into_ms < flight->up_ms) {
        return; /* the minute that it was sent in was another */
    }
    way->own_of_minute += weight;
    if (way->own_of_minute > budget()) {
        year_fail("a minute has %lld of %lld", (long long)way->own_of_minute, (long long)budget());
    }
}

static void take_pause(struct year_way *way, const struct http_response *response)
{
    const char *until = strstr(text_string(&response->body), "until ");
    int64_t least_ms, most_ms;
    if (response->retry_after_s.known) {
        least_ms = response->retry_after_s.value * 1000;
        most_ms = least_ms + 1000;
    } else if (response->status.value == 429) {
        most_ms = YEAR_MINUTE - minute_ms() % YEAR_MINUTE + 3000;
        least_ms =
            most_ms < YEAR_MINUTE ? most_ms - 6000 : 0; /* it may be meant of the old minute */
    } else if (until != NULL) {
        int64_t left_ms = strtoll(until + 6, NULL, 10) - exchange_ms();
        least_ms = left_ms - 3000;
        most_ms = left_ms > 3000 ? left_ms + 3000 : LIMITS_BAN_MS_DEFAULT;
    } else {
        least_ms = most_ms = LIMITS_BAN_MS_DEFAULT;
    }
    least_ms = least_ms < LIMITS_PAUSE_MS_MAX ? least_ms : LIMITS_PAUSE_MS_MAX;
    most_ms = most_ms < LIMITS_PAUSE_MS_MAX ? most_ms : LIMITS_PAUSE_MS_MAX;
    if (year->now >= way->may_wait_until) {
        way->pause_since = year->now;
    }
    if (way->must_wait_until < year->now + least_ms) {
        way->must_wait_until = year->now + least_ms;
    }
    if (way->may_wait_until < year->now + most_ms) {
        way->may_wait_until = year->now + most_ms;
    }
}

static void take_clock(const struct year_flight *flight, struct year_route *route, bool good)
{
    bool is_time = flight->endpoint == ENDPOINT_TIME && good;
    if (!flight->response.status.known) {
        return;
    }
    route->was_heard = true;
    route->was_measured |= is_time;
    route->measured_at = is_time ? year->now : route->measured_at;
    if (flight->sent >= route->doubt_since) {
        bool shows = route->set_by_ms > 5 * YEAR_SECOND + year->now - flight->sent;
        route->is_in_doubt &= !shows && !is_time;
        route->needs_time &= !is_time;
    }
    if (strstr(text_string(&flight->response.body), "-1021") != NULL) {
        route->needs_time = true;
        route->doubt_since = year->now;
    }
}

void check_answered(const struct year_flight *flight)
{
    const struct http_response *response = &flight->response;
    struct year_account *account = asking(flight);
    struct year_route *route = &year->routes[flight->route];
    struct year_way *way = &year->ways[way_of(flight->route)];
    const char *body = text_string(&response->body);
    bool good =
        response->status.known && response->status.value == 200 && strstr(body, "\"code\"") == NULL;
    account->out[flight->endpoint]--;
    route->out--;
    way->out--;
    take_clock(flight, route, good);
    int64_t into_ms = (flight->sent_exchange_ms + year->minute_offset_ms) % YEAR_MINUTE;
    bool is_counted_as_sent =
        !route->needs_time && route->was_measured && into_ms > TURN_SLACK_MS &&
        flight->minute == (flight->sent_exchange_ms + year->minute_offset_ms) / YEAR_MINUTE;
    if (response->used_weight.known && is_counted_as_sent && flight->minute >= way->told_minute) {
        bool same = flight->minute == way->told_minute && way->told > response->used_weight.value;
        way->told = same ? way->told : response->used_weight.value;
        way->told_minute = flight->minute;
    }
    if (response->status.known &&
        (response->status.value == 429 || response->status.value == 418)) {
        take_pause(way, response);
    }
    if (flight->is_probe && good) {
        way->must_wait_until = way->may_wait_until = year->now;
    }
    bool refuses = strstr(body, "-2015") != NULL || strstr(body, "<html>") != NULL;
    if (flight->endpoint == ENDPOINT_POSITION_RISK && refuses) {
        account->refused_until = year->now + ASK_REFUSED_WAIT_MS;
    }
    if (flight->endpoint < ENDPOINT_COUNT) {
        expect_capture(account, flight->endpoint, response->has_body, text_span(&response->body),
                       flight->sent, flight->sent_exchange_ms, false);
    } else if (flight->endpoint == ENDPOINT_LISTEN_KEY && !good) {
        expect_capture(account, ENDPOINT_USER_DATA, false, (struct span){0}, 0, 0, false);
    }
}

void check_connecting(int account)
{
    struct year_way *way = way_of_account(&year->accounts[account]);
    size_t oldest = way->connections % (WAY_CONNECTIONS_MAX + 1);
    way->connected[oldest] = year->now;
    way->connections++;
    oldest = way->connections % (WAY_CONNECTIONS_MAX + 1);
    if (way->connections > WAY_CONNECTIONS_MAX &&
        year->now - way->connected[oldest] < WAY_CONNECTIONS_MS) {
        year_fail("more than %d connections in 5 minutes", WAY_CONNECTIONS_MAX);
    }
}

/* What there is of excuses. */

static void add_excuse(struct year_account *account, enum excuse excuse, int64_t from, int64_t to)
{
    size_t *count = &account->excuse_count[excuse];
    struct span_ms *last = &account->excuses[excuse][(*count + EXCUSES_KEPT - 1) % EXCUSES_KEPT];
    if (*count > 0 && last->to >= from) {
        last->to = to;
    } else {
        account->excuses[excuse][(*count)++ % EXCUSES_KEPT] = (struct span_ms){from, to};
    }
}

static bool excuse_holds_within(const struct year_account *account, enum excuse excuse,
                                int64_t from, int64_t to)
{
    for (size_t i = 0; i < account->excuse_count[excuse] && i < EXCUSES_KEPT; i++) {
        const struct span_ms *span = &account->excuses[excuse][i];
        if (span->from <= to && span->to >= from) {
            return true;
        }
    }
    return false;
}

int excuse_within(const struct year_account *account, int64_t from, int64_t to)
{
    int excuse = 0;
    while (excuse < EXCUSE_COUNT && !excuse_holds_within(account, (enum excuse)excuse, from, to)) {
        excuse++;
    }
    return excuse < EXCUSE_COUNT ? excuse : -1;
}

static bool is_used_up(const struct year_way *way, int64_t weight)
{
    int64_t into_ms = minute_ms() % YEAR_MINUTE;
    bool is_turn = into_ms < TURN_SLACK_MS || minute_ms() / YEAR_MINUTE != way->minute;
    int64_t used = way->own + way->others_a_minute * into_ms / YEAR_MINUTE;
    int64_t later = way->own + way->others_a_minute;
    return (is_turn ? later : used) + weight + 30 > budget();
}

static bool excuse_holds(const struct year_account *account, enum excuse excuse)
{
    const struct year_way *way = way_of_account(account);
    const struct year_route *route = &year->routes[account->route];
    switch (excuse) {
    case EXCUSE_PAUSE:
        return year->now < way->may_wait_until;
    case EXCUSE_REFUSED:
        return year->now < account->refused_until;
    case EXCUSE_OUT:
        return account->out[ENDPOINT_POSITION_RISK] > 0;
    case EXCUSE_WEIGHT:
        return is_used_up(way, 1);
    case EXCUSE_DOWN:
        return year->fleet == NULL || year->stops || year->now < year->suspended_until;
    case EXCUSE_CLOCK:
        return !route->was_measured || route->needs_time ||
               year->now - route->measured_at > TIME_EVERY_MS + 2 * HOST_SLACK_MS;
    default:
        return route->out >= HOST_OUT_MAX * 3 / 4;
    }
}

static void check_starving(struct year_account *account, enum endpoint endpoint, int64_t most_ms,
                           int64_t passed_ms)
{
    account->good_ms[endpoint] += account->was_good ? passed_ms : 0;
    if (account->good_ms[endpoint] > most_ms) {
        year_fail("%s: %s was not asked for %lld ms of good conditions", account->name,
                  endpoint_name(endpoint), (long long)account->good_ms[endpoint]);
    }
}

static void check_route(struct year_route *route, int64_t passed_ms)
{
    route->time_good_ms += route->was_good ? passed_ms : 0;
    if (route->is_used && route->time_good_ms > TIME_EVERY_MS + HOST_SLACK_MS) {
        year_fail("the time was not asked for %lld ms", (long long)route->time_good_ms);
    }
    const struct year_way *way = &year->ways[way_of((int)(route - year->routes))];
    route->was_good = year->fleet != NULL && !year->stops && year->now >= route->outage_until &&
                      year->now >= route->slow_until && year->now >= route->time_fails_until &&
                      year->now >= way->may_wait_until && year->now >= year->suspended_until &&
                      !is_used_up(way, 45);
}

void check_step(int64_t passed_ms)
{
    int64_t before = year->now - passed_ms;
    for (int i = 0; i < YEAR_ROUTES; i++) {
        check_route(&year->routes[i], passed_ms);
    }
    for (size_t i = 0; i < year->account_count; i++) {
        struct year_account *account = &year->accounts[i];
        const struct account_settings *settings = &year->settings[i];
        for (int k = 0; k < EXCUSE_COUNT; k++) {
            if (account->was_excused[k]) {
                add_excuse(account, (enum excuse)k, before, year->now);
            }
            account->was_excused[k] = excuse_holds(account, (enum excuse)k);
            if (account->was_excused[k]) {
                add_excuse(account, (enum excuse)k, year->now, year->now);
            }
        }
        check_starving(account, ENDPOINT_ACCOUNT, settings->account_interval_ms + SLACK_MS,
                       passed_ms);
        check_starving(account, ENDPOINT_INCOME, settings->income_interval_ms + SLACK_MS,
                       passed_ms);
        check_starving(account, ENDPOINT_LISTEN_KEY, LISTEN_KEY_KEEP_MS + HOST_SLACK_MS, passed_ms);
        const struct year_route *route = &year->routes[account->route];
        account->was_good = route->was_good && !route->needs_time && route->was_measured &&
                            year->now >= account->refuses_until;
    }
}

void check_start(bool keeps_limits)
{
    for (int i = 0; i < YEAR_ROUTES; i++) {
        struct year_route *route = &year->routes[i];
        route->out = 0;
        route->was_heard &= keeps_limits;
        route->was_measured = false; /* it is asked for first of all */
        route->was_slow = year->now < route->slow_until;
        route->needs_time &= keeps_limits;
        route->is_in_doubt &= keeps_limits;
    }
    for (int i = 0; i < YEAR_WAYS; i++) {
        struct year_way *way = &year->ways[i];
        way->out = 0;
        way->own_of_minute = 0;
        if (!keeps_limits) {
            way->must_wait_until = way->may_wait_until = way->told_minute = 0;
            way->connections = 0;
        }
    }
    for (size_t i = 0; i < year->account_count; i++) {
        struct year_account *account = &year->accounts[i];
        memset(account->out, 0, sizeof account->out);
        account->expected_count = 0;
        account->has_polled = false;
        account->refused_until = 0;
    }
}
