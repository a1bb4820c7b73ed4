#include <stdio.h>

#include "base/log.h"
#include "host/clock.h"
#include "year.h"

/* What happens next: a heap. */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void event_add(int64_t at, enum event_kind kind, int index, int64_t serial)
{
    if (year->event_count == year->event_capacity) {
        year->event_capacity = year->event_capacity * 2 + 256;
        year->events = reallocarray(year->events, year->event_capacity, sizeof *year->events);
        assert_non_null(year->events);
    }
    struct event event = {at < year->now ? year->now : at, year->next_order++, kind, index, serial};
    size_t i = year->event_count++;
    for (; i > 0 && is_before(&event, &year->events[(i - 1) / 2]); i = (i - 1) / 2) {
        year->events[i] = year->events[(i - 1) / 2];
    }
    year->events[i] = event;
}

int64_t event_next(void)
{
    return year->event_count > 0 ? year->events[0].at : INT64_MAX;
}

bool event_take(int64_t until, struct event *event)
{
    if (event_next() > until) {
        return false;
    }
    *event = year->events[0];
    struct event last = year->events[--year->event_count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < year->event_count) {
        child += child + 1 < year->event_count &&
                 is_before(&year->events[child + 1], &year->events[child]);
        if (!is_before(&year->events[child], &last)) {
            break;
        }
        year->events[i] = year->events[child];
        i = child;
    }
    year->events[i] = last;
    return true;
}

/* What the program is not linked with its own of. */

struct boot_time clock_boot(void)
{
    return (struct boot_time){year->now};
}

int64_t clock_wall_ms(void)
{
    return year->now + year->wall_ahead_ms;
}

struct now clock_now(void)
{
    return (struct now){clock_boot(), clock_wall_ms()};
}

struct random random_start(void)
{
    return (struct random){random_next(&year->random)};
}

uint64_t random_next(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

void log_set_level(enum log_level level)
{
    (void)level;
}

/* POSREC_YEAR_LOG=1: the service's log, in virtual time. */
void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static int is_wanted = -1;
    is_wanted = is_wanted < 0 ? getenv("POSREC_YEAR_LOG") != NULL : is_wanted;
    if (!is_wanted || level > LOG_DEBUG) {
        return;
    }
    printf("%lld.%03d %s", (long long)(year->now / 1000), (int)(year->now % 1000), event);
    for (; fields->key != NULL; fields++) {
        if (fields->text != NULL) {
            printf(" %s=%s", fields->key, fields->text);
        } else if (fields->is_known) {
            printf(" %s=%lld", fields->key, (long long)fields->number);
        }
    }
    printf("\n");
}

struct transport *transport_new(size_t body_size_max, struct error *error)
{
    (void)body_size_max;
    (void)error;
    return (struct transport *)year;
}

void transport_free(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    for (size_t i = 0; i < YEAR_FLIGHTS_MAX; i++) {
        year->flights[i].is_lost = true;
        if (year->flights[i].is_ready) {
            http_response_free(&year->flights[i].response);
            year->flights[i] = (struct year_flight){0};
        }
    }
    year->ready_count = 0;
}

static struct year_flight *new_flight(void)
{
    for (size_t i = 0; i < YEAR_FLIGHTS_MAX; i++) {
        if (year->flights[i].serial == 0) {
            year->flights[i] = (struct year_flight){.serial = ++year->next_serial};
            return &year->flights[i];
        }
    }
    year_fail("more than %d requests are out", YEAR_FLIGHTS_MAX);
}

static enum endpoint endpoint_of(const char *url)
{
    static const char *const NAMES[ENDPOINT_ASKED_COUNT] = {
        [ENDPOINT_POSITION_RISK] = "/positionRisk",
        [ENDPOINT_EXCHANGE_INFO] = "/exchangeInfo",
        [ENDPOINT_ACCOUNT] = "/account",
        [ENDPOINT_INCOME] = "/income",
        [ENDPOINT_USER_TRADES] = "/userTrades",
        [ENDPOINT_PREMIUM_INDEX] = "/premiumIndex",
        [ENDPOINT_FUNDING_RATE] = "/fundingRate",
        [ENDPOINT_TIME] = "/time",
        [ENDPOINT_LISTEN_KEY] = "/listenKey",
    };
    for (int i = 0; i < ENDPOINT_ASKED_COUNT; i++) {
        if (NAMES[i] != NULL && strstr(url, NAMES[i]) != NULL) {
            return (enum endpoint)i;
        }
    }
    year_fail("asks %s", url);
}

static int account_of(const struct http_request *request)
{
    for (size_t i = 0; i < year->account_count && request->api_key != NULL; i++) {
        if (strcmp(year->accounts[i].key, request->api_key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int64_t delay_ms(const struct year_route *route)
{
    int64_t usual_ms = 5 + draw_span(1, 150);
    return year->now < route->slow_until ? usual_ms + draw_span(1, 9000) : usual_ms;
}

bool transport_start(struct transport *transport, const struct http_request *request,
                     struct error *error)
{
    (void)transport;
    (void)error;
    struct year_flight *flight = new_flight();
    flight->owner = request->owner;
    flight->is_channel = request->is_channel;
    flight->account = account_of(request);
    flight->route = request->proxy != NULL ? 1 : strstr(request->url, "fapi") != NULL ? 2 : 0;
    flight->sent = year->now;
    flight->sent_exchange_ms = exchange_ms();
    snprintf(flight->url, sizeof flight->url, "%s", request->url);
    if (!flight->is_channel) {
        flight->endpoint = endpoint_of(request->url);
        year->requests++;
        check_sent(flight);
    }
    const struct year_route *route = &year->routes[flight->route];
    flight->up_ms = delay_ms(route);
    flight->down_ms = delay_ms(route);
    flight->timeout_at = year->now + request->timeout_ms;
    event_add(year->now + flight->up_ms, EVENT_ARRIVE, (int)(flight - year->flights),
              flight->serial);
    return true;
}

void network_arrive(const struct event *event)
{
    struct year_flight *flight = &year->flights[event->index];
    struct http_response *response = &flight->response;
    if (flight->serial != event->serial) {
        return;
    }
    bool times_out = false;
    if (flight->is_channel) {
        const struct year_route *route = &year->routes[flight->route];
        bool fails = year->now < route->outage_until;
        response->outcome = !fails                            ? OUTCOME_OK
                            : route->outage == OUTAGE_TIMEOUT ? OUTCOME_TIMEOUT
                                                              : OUTCOME_NETWORK_ERROR;
        times_out = response->outcome == OUTCOME_TIMEOUT;
        snprintf(response->reason, sizeof response->reason, "%s", fails ? "not connected" : "");
    } else {
        exchange_take(flight);
    }
    int64_t at = year->now + flight->down_ms;
    if (times_out || at > flight->timeout_at) {
        http_response_free(response);
        *response = (struct http_response){.outcome = OUTCOME_TIMEOUT, .reason = "timed out"};
        at = flight->timeout_at;
    }
    event_add(at, EVENT_ANSWER, event->index, event->serial);
}

void network_answer(const struct event *event)
{
    struct year_flight *flight = &year->flights[event->index];
    if (flight->serial != event->serial) {
        return;
    }
    if (flight->is_lost) {
        http_response_free(&flight->response);
        *flight = (struct year_flight){0};
        return;
    }
    flight->is_ready = true;
    year->ready[year->ready_count++] = (size_t)event->index;
}

/* The machine wakes: some connections did not live to see it, and what came is read now. */
void network_resume(void)
{
    for (size_t i = 0; i < year->ready_count; i++) {
        struct http_response *response = &year->flights[year->ready[i]].response;
        if (one_in(2)) {
            http_response_free(response);
            *response = (struct http_response){.outcome = OUTCOME_NETWORK_ERROR, .reason = "reset"};
        }
    }
    for (size_t i = 0; i < year->account_count; i++) {
        if (one_in(2)) {
            network_break(&year->accounts[i], one_in(2));
        }
    }
}

bool transport_poll(struct transport *transport, int wake_file, int timeout_ms, struct error *error)
{
    (void)transport;
    (void)wake_file;
    (void)timeout_ms;
    (void)error;
    return true;
}

bool transport_take(struct transport *transport, struct http_response *response)
{
    (void)transport;
    if (year->ready_count == 0) {
        return false;
    }
    struct year_flight *flight = &year->flights[year->ready[0]];
    memmove(year->ready, year->ready + 1, --year->ready_count * sizeof year->ready[0]);
    flight->response.owner = flight->owner;
    flight->response.is_channel = flight->is_channel;
    if (flight->is_channel && flight->response.outcome == OUTCOME_OK) {
        flight->response.channel = (struct channel *)year;
    }
    if (!flight->is_channel) {
        check_answered(flight);
    }
    *response = flight->response;
    *flight = (struct year_flight){0};
    return true;
}

void http_response_free(struct http_response *response)
{
    text_free(&response->body);
    *response = (struct http_response){0};
}

void network_end(void)
{
    for (size_t i = 0; i < YEAR_FLIGHTS_MAX; i++) {
        http_response_free(&year->flights[i].response);
    }
    wires_end();
    free(year->events);
}
