/* The engine, handed its time and its answers: when each question goes out, and when again. */
#include "support.h"

#include <stdlib.h>

#include "ask/ask.h"
#include "ask/host_sources.h"
#include "ask/positions.h"

#define BOOT_MS INT64_C(1000000)
#define TRUE_MS INT64_C(1795528990000) /* the exchange's time then */
#define ACCOUNTS_MAX 200
#define OUT_MAX 1000

struct world {
    struct ask *ask;
    struct known *known; /* NULL: none */
    struct credentials credentials;
    struct account_settings settings[ACCOUNTS_MAX];
    struct ask_account accounts[ACCOUNTS_MAX];
    size_t account_count;
    struct now now;
    int64_t off_ms;  /* the machine's wall clock against the exchange's */
    bool tells_date; /* the exchange's answers have one */
    bool time_fails;
    struct asker *out[OUT_MAX];
    size_t out_count;
    size_t sent[ENDPOINT_ASKED_COUNT]; /* requests so far */
    struct capture last;
    size_t captures;
    struct boot_time wake;
};

static bool send_request(void *context, const struct http_request *request, struct error *error)
{
    struct world *world = context;
    struct asker *asker = request->owner;
    (void)error;
    assert_true(world->out_count < OUT_MAX);
    world->out[world->out_count++] = asker;
    world->sent[asker->endpoint]++;
    return true;
}

static void on_capture(void *context, struct ask_account *account, struct capture *capture)
{
    struct world *world = context;
    (void)account;
    capture_free(&world->last);
    world->last = *capture;
    world->captures++;
    *capture = (struct capture){0};
}

static void set_time(struct world *world, int64_t ms)
{
    world->now.boot.ms = BOOT_MS + ms;
    world->now.wall_ms = TRUE_MS + ms + world->off_ms;
}

static int64_t time_of(const struct world *world)
{
    return world->now.boot.ms - BOOT_MS;
}

/* Takes the oldest request of an endpoint off those that are out. */
static struct asker *take_out(struct world *world, enum endpoint endpoint)
{
    for (size_t i = 0; i < world->out_count; i++) {
        struct asker *asker = world->out[i];
        if (asker->endpoint == endpoint) {
            memmove(&world->out[i], &world->out[i + 1],
                    (--world->out_count - i) * sizeof world->out[0]);
            return asker;
        }
    }
    fail_msg("no %s is out", endpoint_name(endpoint));
    return NULL;
}

static struct http_response response_of(const struct world *world, int status, const char *body)
{
    struct http_response response = {.outcome = OUTCOME_OK, .status = maybe_of(status)};
    text_append_string(&response.body, body);
    response.has_body = true;
    if (world->tells_date) {
        response.date_ms = maybe_of((TRUE_MS + time_of(world)) / 1000 * 1000);
    }
    return response;
}

static void take(struct world *world, enum endpoint endpoint, struct http_response response)
{
    ask_answer(world->ask, &world->now, take_out(world, endpoint), &response);
    http_response_free(&response);
}

static void answer(struct world *world, enum endpoint endpoint, int status, const char *body)
{
    take(world, endpoint, response_of(world, status, body));
}

static void time_out(struct world *world, enum endpoint endpoint)
{
    struct http_response response = {.outcome = OUTCOME_TIMEOUT};
    take(world, endpoint, response);
}

static void say_pause(struct world *world, enum endpoint endpoint, int status, int64_t seconds)
{
    struct http_response response = response_of(world, status, "{\"code\":-1003,\"msg\":\"no\"}");
    response.retry_after_s = maybe_of(seconds);
    take(world, endpoint, response);
}

static void tell_time(struct world *world)
{
    char body[64];
    snprintf(body, sizeof body, "{\"serverTime\":%lld}", (long long)(TRUE_MS + time_of(world)));
    answer(world, ENDPOINT_TIME, world->time_fails ? 500 : 200, world->time_fails ? "" : body);
}

/* The time goes by, and what is due goes out. Questions for the time are answered at once. */
static void pass(struct world *world, int64_t to_ms)
{
    set_time(world, to_ms);
    world->wake = ask_work(world->ask, &world->now);
    for (size_t i = 0; i < world->out_count; i++) {
        if (world->out[i]->endpoint == ENDPOINT_TIME) {
            tell_time(world);
            world->wake = ask_work(world->ask, &world->now);
            i = (size_t)-1;
        }
    }
}

static size_t out_of(const struct world *world, enum endpoint endpoint)
{
    size_t count = 0;
    for (size_t i = 0; i < world->out_count; i++) {
        count += world->out[i]->endpoint == endpoint;
    }
    return count;
}

/* One that knows what the bench's database has; NULL for none. */
static struct world *make_knowing_world(int64_t off_ms, struct bench *bench)
{
    struct world *world = calloc(1, sizeof *world);
    struct error error = {0};
    assert_non_null(world);
    world->known = bench != NULL ? known_new(&bench->database, &error) : NULL;
    assert_true(bench == NULL || world->known != NULL);
    const struct credentials_source source = {.api_key = "key", .secret = "secret"};
    const struct ask_settings settings = {.watch = {world, send_request, on_capture, NULL},
                                          .known = world->known};
    assert_true(credentials_load(&source, &world->credentials, &error));
    world->off_ms = off_ms;
    world->tells_date = true;
    world->ask = ask_new(&settings, &error);
    assert_non_null(world->ask);
    set_time(world, 7);
    return world;
}

static struct world *make_world(int64_t off_ms)
{
    return make_knowing_world(off_ms, NULL);
}

/* Polled each `interval_ms`, at once and then on its multiples. */
static struct ask_account *add(struct world *world, const char *base_url, int64_t interval_ms)
{
    struct error error = {0};
    size_t index = world->account_count++;
    world->settings[index] = (struct account_settings){
        .account = "main",
        .exchange = {.product = &COIN_M,
                     .base_url = base_url,
                     .recv_window_ms = 5000,
                     .credentials = &world->credentials},
        .timeout_ms = 10000,
        .interval_ms = maybe_of(interval_ms),
        .weight_share_percent = 80,
    };
    assert_true(ask_add(world->ask, &world->accounts[index], &world->settings[index], &world->now,
                        true, &error));
    return &world->accounts[index];
}

static void free_world(struct world *world)
{
    ask_free(world->ask);
    known_free(world->known);
    capture_free(&world->last);
    credentials_free(&world->credentials);
    free(world);
}

#define HOST "http://127.0.0.1:9"

/* One account, whose first poll was answered; exchangeInfo too. */
static struct world *start(int64_t interval_ms)
{
    struct world *world = make_world(0);
    add(world, HOST, interval_ms);
    pass(world, 7);
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    answer(world, ENDPOINT_EXCHANGE_INFO, 200, "{}");
    assert_int_equal(world->captures, 2);
    return world;
}

static void a_tick_while_a_request_is_out_is_skipped_not_queued(void **state)
{
    struct world *world = start(1000);
    struct asker *asker = &world->accounts[0].positions;
    (void)state;
    pass(world, 1000);
    pass(world, 2000);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
    assert_int_equal(asker->skipped_ticks, 1);
    set_time(world, 2010);
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    pass(world, 2020);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 0);
    pass(world, 3000);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
    assert_int_equal(asker->skipped_ticks, 1);
    free_world(world);
}

static void a_tick_waits_behind_a_poll_after_an_event(void **state)
{
    struct world *world = start(5000);
    struct asker *asker = &world->accounts[0].positions;
    (void)state;
    pass(world, 5000);
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    pass(world, 9000);
    positions_see_event(asker, world->now.boot);
    pass(world, 9990);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
    pass(world, 10000);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
    set_time(world, 10020);
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    assert_false(world->last.due_ms.known);
    pass(world, 10020);
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    assert_int_equal(world->last.due_ms.value, TRUE_MS + 10000);
    assert_int_equal(asker->skipped_ticks, 0);
    free_world(world);
}

static void what_may_pass_is_tried_again_within_the_tick(void **state)
{
    struct world *world = start(60000);
    (void)state;
    pass(world, 60000 - TRUE_MS % 60000);
    for (int attempt = 1; attempt <= 4; attempt++) {
        assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
        answer(world, ENDPOINT_POSITION_RISK, 503, "");
        assert_int_equal(world->last.attempt, attempt);
        assert_int_equal(world->last.due_ms.value % 60000, 0);
        pass(world, time_of(world));
        pass(world, world->wake.ms - BOOT_MS);
    }
    answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
    assert_int_equal(world->last.attempt, 5);
    pass(world, time_of(world) + 1000);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 0);
    free_world(world);
}

static void answers_that_will_not_change_are_not_tried_again(void **state)
{
    struct world *world = start(10000);
    (void)state;
    pass(world, 10000);
    answer(world, ENDPOINT_POSITION_RISK, 400, "{\"code\":-1102,\"msg\":\"no\"}");
    pass(world, 19999);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 0);
    free_world(world);
}

static void a_refused_key_is_tried_once_a_minute(void **state)
{
    struct world *world = start(10000);
    int polls = 0;
    (void)state;
    for (int64_t ms = 10000; ms < 190000; ms += 10000) {
        pass(world, ms);
        if (out_of(world, ENDPOINT_POSITION_RISK) > 0) {
            polls++;
            answer(world, ENDPOINT_POSITION_RISK, 401, "{\"code\":-2015,\"msg\":\"no\"}");
        }
    }
    assert_int_equal(polls, 3);
    free_world(world);
}

/* Ten hours off, and /time fails: what was heard with no time waits, and Date tells it. */
static void nothing_is_stamped_by_a_clock_that_nobody_confirmed(void **state)
{
    struct world *world = make_world(36000000);
    (void)state;
    world->time_fails = true;
    world->tells_date = false;
    add(world, HOST, 10000);
    pass(world, 7);
    time_out(world, ENDPOINT_POSITION_RISK);
    assert_int_equal(world->captures, 0);
    world->tells_date = true;
    answer(world, ENDPOINT_EXCHANGE_INFO, 200, "{}");
    assert_int_equal(world->captures, 2);
    assert_in_range(world->last.received_ms, TRUE_MS - 2000, TRUE_MS + 2000);
    assert_true(world->last.clock_offset_ms.known);
    pass(world, 8);
    for (int64_t ms = 10000; ms <= 30000; ms += 10000) {
        pass(world, ms);
        answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
        assert_in_range(world->last.received_ms, TRUE_MS + ms - 2000, TRUE_MS + ms + 2000);
        assert_int_equal(world->last.due_ms.value % 10000, 0);
    }
    free_world(world);
}

static void what_is_never_heard_has_the_machines_time_and_no_offset(void **state)
{
    struct world *world = make_world(0);
    (void)state;
    world->tells_date = false;
    world->time_fails = true;
    add(world, HOST, 10000);
    pass(world, 7);
    time_out(world, ENDPOINT_POSITION_RISK);
    assert_int_equal(world->captures, 0);
    ask_finish(world->ask);
    assert_int_equal(world->captures, 1);
    assert_false(world->last.clock_offset_ms.known);
    assert_int_equal(world->last.received_ms, TRUE_MS + 7);
    free_world(world);
}

/* An answer that tells no time is none: it is asked for again. */
static void a_time_that_cannot_be_read_is_asked_for_again(void **state)
{
    struct world *world = make_world(0);
    (void)state;
    add(world, HOST, 60000);
    for (int64_t ms = 7; ms <= 30007; ms += 10000) {
        set_time(world, ms);
        ask_work(world->ask, &world->now);
        answer(world, ENDPOINT_TIME, 200, "{}");
    }
    free_world(world);
}

/* -1021: the time is asked for, then the question once more; not a third time. */
static void a_timestamp_that_is_refused_is_mended_once(void **state)
{
    static const char OUTSIDE[] = "{\"code\":-1021,\"msg\":\"outside\"}";
    struct world *world = start(10000);
    (void)state;
    pass(world, 10000);
    size_t asked = world->sent[ENDPOINT_TIME];
    answer(world, ENDPOINT_POSITION_RISK, 400, OUTSIDE);
    pass(world, 10000);
    assert_int_equal(world->sent[ENDPOINT_TIME], asked + 1);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
    answer(world, ENDPOINT_POSITION_RISK, 400, OUTSIDE);
    pass(world, 10000);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 0);
    assert_int_equal(world->last.attempt, 2);
    assert_int_equal(world->sent[ENDPOINT_TIME], asked + 1); /* it is not the clock */
    free_world(world);
}

/* What an account is kept waiting for longer than others holds up none of them. */
static void accounts_that_hang_hold_up_no_other(void **state)
{
    struct world *world = make_world(0);
    (void)state;
    for (int i = 0; i < HOST_OUT_MAX + 20; i++) {
        add(world, HOST, 60000);
    }
    pass(world, 7);
    size_t first = out_of(world, ENDPOINT_POSITION_RISK);
    assert_true(first <= HOST_OUT_MAX);
    pass(world, 7 + HANGING_MS - 1);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), first);
    pass(world, 7 + HANGING_MS);
    pass(world, world->wake.ms - BOOT_MS);
    assert_int_equal(time_of(world), 7 + HANGING_MS);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), HOST_OUT_MAX + 20);
    free_world(world);
}

/* A tick that comes while the one before is out is not asked for under that one's time. */
static void a_tick_that_comes_meanwhile_is_not_taken_for_the_one_before(void **state)
{
    struct world *world = make_world(0);
    struct error error = {0};
    (void)state;
    add(world, HOST, 60000);
    world->account_count++;
    world->settings[1] = world->settings[0];
    world->settings[1].records[ENDPOINT_ACCOUNT] = true;
    world->settings[1].account_interval_ms = 10000;
    assert_true(
        ask_add(world->ask, &world->accounts[1], &world->settings[1], &world->now, true, &error));
    int64_t tick_ms = 10000 - TRUE_MS % 10000;
    pass(world, 7);
    answer(world, ENDPOINT_ACCOUNT, 200, "{}");
    pass(world, tick_ms);
    pass(world, tick_ms + 10000);
    assert_int_equal(out_of(world, ENDPOINT_ACCOUNT), 1);
    answer(world, ENDPOINT_ACCOUNT, 503, "");
    assert_int_equal(world->last.due_ms.value, TRUE_MS + tick_ms);
    pass(world, tick_ms + 10000);
    answer(world, ENDPOINT_ACCOUNT, 200, "{}");
    assert_int_equal(world->last.due_ms.value, TRUE_MS + tick_ms + 10000);
    assert_int_equal(world->last.attempt, 1);
    free_world(world);
}

/* Prices of a pair are asked for once an interval for all accounts of a host, and its funding rates
 * when funding was paid; without an account that holds it, no more. */
static void prices_are_asked_for_once_for_all_accounts(void **state)
{
    struct world *world = make_knowing_world(0, *state);
    struct error error = {0};
    const int64_t minutes = 30, minute_ms = 60000;
    for (size_t i = 0; i < 100; i++) {
        world->settings[i] = (struct account_settings){
            .account = "main",
            .exchange = {.product = &COIN_M,
                         .base_url = HOST,
                         .recv_window_ms = 5000,
                         .credentials = &world->credentials},
            .timeout_ms = 10000,
            .interval_ms = maybe_of(minute_ms),
            .records = {[ENDPOINT_PREMIUM_INDEX] = true},
            .account_interval_ms = minute_ms,
            .weight_share_percent = 80,
        };
        assert_true(ask_add(world->ask, &world->accounts[world->account_count++],
                            &world->settings[i], &world->now, true, &error));
    }
    for (int64_t second = 0; second < minutes * 60; second++) {
        pass(world, 7 + second * 1000);
        for (size_t i = 0; i < 100 && second % 60 == 0; i++) { /* as each account's answers say */
            prices_note_pair(&world->accounts[i].host->prices, i % 2 == 0 ? "BTCUSD" : "ETHUSD",
                             world->now.boot);
        }
        while (world->out_count > 0) {
            enum endpoint endpoint = world->out[0]->endpoint;
            bool is_paid = second >= 15 * 60;
            answer(world, endpoint, 200,
                   endpoint == ENDPOINT_PREMIUM_INDEX && is_paid
                       ? "[{\"symbol\":\"BTCUSD_PERP\",\"nextFundingTime\":57600000}]"
                   : endpoint == ENDPOINT_PREMIUM_INDEX
                       ? "[{\"symbol\":\"BTCUSD_PERP\",\"nextFundingTime\":28800000}]"
                       : "[]");
            pass(world, 7 + second * 1000);
        }
    }
    assert_in_range(world->sent[ENDPOINT_PREMIUM_INDEX], (size_t)minutes * 2 - 2,
                    (size_t)minutes * 2);
    assert_int_equal(world->sent[ENDPOINT_FUNDING_RATE], 4); /* at first, and once it was paid */
    assert_int_equal(world->sent[ENDPOINT_POSITION_RISK], 100 * (minutes + 1));
    free_world(world);
}

/* The funding of USD-M that was told last, recorded. */
static void record_rate(struct bench *bench, int64_t time_ms)
{
    struct error error = {0};
    struct capture *capture = &bench->capture;
    capture_clear(capture);
    text_append_string(&capture->account, "linear");
    capture->product = &USD_M;
    capture->endpoint = ENDPOINT_FUNDING_RATE;
    capture->received_ms = time_ms + 1;
    capture->http_status = maybe_of(200);
    capture->has_body = true;
    text_printf(&capture->body,
                "[{\"symbol\":\"BTCUSDT\",\"fundingTime\":%lld,\"fundingRate\":\"0.0001\"}]",
                (long long)time_ms);
    capture_judge(capture);
    assert_true(recorder_record(bench->recorder, RECORD_IMPORT, capture, &bench->recorded, &error));
}

/* Where prices do not tell when funding is paid: the last ones at first, and a minute after each
 * full hour what came since. */
static void rates_of_what_is_held_are_asked_for_by_the_hour(void **state)
{
    struct bench *bench = *state;
    struct world *world = make_knowing_world(0, bench);
    const int64_t minute_ms = 60000, first_ms = 3600000 - TRUE_MS % 3600000 + minute_ms;
    struct error error = {0};
    char request[128];
    size_t asked = 0;
    world->settings[0] = (struct account_settings){
        .account = "linear",
        .exchange = {.product = &USD_M,
                     .base_url = HOST,
                     .recv_window_ms = 5000,
                     .credentials = &world->credentials},
        .timeout_ms = 10000,
        .interval_ms = maybe_of(minute_ms),
        .records = {[ENDPOINT_ASSET_INDEX] = true},
        .account_interval_ms = minute_ms,
        .weight_share_percent = 80,
    };
    assert_true(ask_add(world->ask, &world->accounts[world->account_count++], &world->settings[0],
                        &world->now, true, &error));
    struct prices *prices = &world->accounts[0].host->prices;
    for (int64_t ms = 7; ms < 3 * 3600000; ms += 1000) {
        pass(world, ms);
        prices_note_pair(prices, "", world->now.boot);
        prices_note_symbol(prices, "BTCUSDT", world->now.boot);
        pass(world, ms);
        while (world->out_count > 0) {
            enum endpoint endpoint = world->out[0]->endpoint;
            answer(world, endpoint, 200, "[]");
            if (endpoint == ENDPOINT_FUNDING_RATE) {
                int64_t due_ms = asked == 0 ? 0 : first_ms + ((int64_t)asked - 1) * 3600000;
                assert_in_range(ms, due_ms, due_ms + 1007);
                snprintf(request, sizeof request, "/fapi/v1/fundingRate?symbol=BTCUSDT%s",
                         asked == 0 ? "&limit=100" : "&startTime=1795528800001&limit=1000");
                assert_string_equal(text_string(&world->last.request), request);
                if (asked++ == 0) {
                    record_rate(bench, 1795528800000);
                }
            }
            pass(world, ms);
        }
    }
    assert_int_equal(asked, 4);
    assert_in_range(world->sent[ENDPOINT_ASSET_INDEX], 3 * 60 - 2, 3 * 60);
    free_world(world);
}

/* A pause that is ordered in answer to any question holds for all, from its receipt. */
static void a_pause_holds_for_all_that_share_the_way(void **state)
{
    struct world *world = make_world(-36000000);
    (void)state;
    add(world, HOST, 1000);
    add(world, "http://localhost:9", 1000);
    set_time(world, 7);
    ask_work(world->ask, &world->now);
    say_pause(world, ENDPOINT_TIME, 429, 2);
    for (int64_t ms = 20; ms < 3000; ms += 20) {
        set_time(world, ms);
        ask_work(world->ask, &world->now);
        assert_int_equal(world->out_count, 1); /* what was out before */
    }
    pass(world, 3010);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 2);
    free_world(world);
}

static void a_ban_of_days_is_tried_each_hour_and_ends_when_that_is_answered(void **state)
{
    const int64_t hour_ms = 3600000;
    struct world *world = start(60000);
    (void)state;
    set_time(world, 60000 - TRUE_MS % 60000);
    ask_work(world->ask, &world->now);
    int64_t banned_ms = time_of(world);
    say_pause(world, ENDPOINT_POSITION_RISK, 418, 200000);
    size_t asked = world->sent[ENDPOINT_TIME], polls = world->sent[ENDPOINT_POSITION_RISK];
    for (int64_t ms = banned_ms; ms < banned_ms + hour_ms; ms += 30000) {
        pass(world, ms);
    }
    assert_int_equal(world->sent[ENDPOINT_TIME], asked);
    set_time(world, banned_ms + hour_ms);
    ask_work(world->ask, &world->now);
    assert_int_equal(world->sent[ENDPOINT_TIME], asked + 1);
    say_pause(world, ENDPOINT_TIME, 418, 200000);
    assert_int_equal(world->sent[ENDPOINT_POSITION_RISK], polls);
    pass(world, banned_ms + 2 * hour_ms);
    pass(world, banned_ms + 2 * hour_ms + 60000);
    assert_true(world->sent[ENDPOINT_POSITION_RISK] > polls);
    free_world(world);
}

/* A host that answers nothing takes its own room alone, and another host has its turn. */
static void a_dead_host_delays_no_other(void **state)
{
    struct world *world = make_world(0);
    (void)state;
    for (int i = 0; i < 100; i++) {
        add(world, "http://127.0.0.1:1", 1000);
        add(world, "http://127.0.0.1:2", 1000);
    }
    pass(world, 7);
    assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 2 * HOST_OUT_MAX - 2);
    for (int64_t ms = 1000; ms <= 9000; ms += 1000) {
        pass(world, ms);
        size_t taken = 0;
        for (size_t i = 0; i < world->out_count;) {
            struct asker *asker = world->out[i];
            if (asker->host == world->accounts[1].host && asker->endpoint != ENDPOINT_TIME) {
                struct http_response response = response_of(world, 200, "[]");
                memmove(&world->out[i], &world->out[i + 1],
                        (--world->out_count - i) * sizeof world->out[0]);
                ask_answer(world->ask, &world->now, asker, &response);
                http_response_free(&response);
                ask_work(world->ask, &world->now);
                taken++;
                i = 0;
            } else {
                i++;
            }
        }
        assert_true(taken >= 100);
    }
    free_world(world);
}

static bool ask_income(struct asker *asker, const struct moment *now, struct question *question,
                       struct error *error)
{
    (void)asker;
    (void)now;
    (void)error;
    *question = (struct question){.endpoint = ENDPOINT_INCOME};
    return true;
}

static void take_recorded(struct asker *asker, const struct moment *now,
                          const struct question *question, const struct capture *capture,
                          int64_t row_count)
{
    (void)asker;
    (void)now;
    (void)question;
    (void)capture;
    (void)row_count;
}

/* What comes next follows from what is recorded: of an answer that never will be, nothing does. */
static void what_was_answered_and_dropped_is_asked_again(void **state)
{
    static const struct source SOURCE = {.endpoint = ENDPOINT_INCOME,
                                         .priority = PRIORITY_MONEY,
                                         .is_captured = true,
                                         .question = ask_income,
                                         .recorded = take_recorded};
    struct world *world = start(1000);
    struct ask_account *account = &world->accounts[0];
    struct asker asker = {0};
    struct error error = {0};
    (void)state;
    assert_true(ask_add_another(world->ask, account, &asker, &SOURCE, &error));
    asker_want(&asker, world->now.boot);
    pass(world, 100);
    answer(world, ENDPOINT_INCOME, 200, "[]");
    assert_int_equal(world->last.endpoint, ENDPOINT_INCOME);
    asker_want(&asker, world->now.boot);
    pass(world, 200);
    assert_int_equal(out_of(world, ENDPOINT_INCOME), 0);
    const struct capture other = {.endpoint = ENDPOINT_INCOME};
    ask_dropped(&world->now, account, &other);
    pass(world, 300);
    assert_int_equal(out_of(world, ENDPOINT_INCOME), 0);
    asker_rest(&asker);
    ask_dropped(&world->now, account, &world->last);
    pass(world, 400);
    assert_int_equal(out_of(world, ENDPOINT_INCOME), 1);
    free_world(world);
}

/* An authority that never answers, then is away, then wants to be left alone: polls go out at their
 * times, and it is asked again within the hour. */
static void an_authority_that_is_away_delays_no_poll(void **state)
{
    struct bench *bench = *state;
    struct world *world = start(1000);
    struct sealer sealer = {0};
    const struct sealer_settings settings = {
        .authority = {.account = "main",
                      .exchange = {.base_url = "https://authority.test/tsr"},
                      .timeout_ms = 10000,
                      .weight_share_percent = 80},
        .interval_ms = INT64_C(86400000),
        .policy = "",
    };
    struct error error = {0};
    bench_record(bench, TEST_NOW_MS, "[]");
    sealer.seals = seals_new(&bench->database, &error);
    assert_non_null(sealer.seals);
    assert_true(
        ask_add_seal(world->ask, &world->accounts[0], &sealer, &settings, &world->now, &error));
    for (int64_t s = 1; s <= 3 * 3600; s++) {
        pass(world, s * 1000);
        assert_int_equal(out_of(world, ENDPOINT_POSITION_RISK), 1);
        assert_true(out_of(world, ENDPOINT_TIMESTAMP) <= 1);
        assert_int_equal(ask_out(world->ask), 1 + out_of(world, ENDPOINT_TIME));
        answer(world, ENDPOINT_POSITION_RISK, 200, "[]");
        assert_int_equal(world->last.received_ms, TRUE_MS + s * 1000);
        if (s % 10 == 0 && out_of(world, ENDPOINT_TIMESTAMP) == 1) {
            if (world->sent[ENDPOINT_TIMESTAMP] % 2 == 1) {
                time_out(world, ENDPOINT_TIMESTAMP);
                assert_int_equal(world->last.endpoint, ENDPOINT_TIMESTAMP);
                assert_int_equal(world->last.received_ms, TRUE_MS + s * 1000);
            } else {
                say_pause(world, ENDPOINT_TIMESTAMP, 418, 120);
                assert_int_equal(world->last.outcome, OUTCOME_BANNED);
            }
        }
    }
    assert_int_equal(world->accounts[0].positions.skipped_ticks, 0);
    assert_true(world->sent[ENDPOINT_TIMESTAMP] >= 3);
    free_world(world);
    seals_free(sealer.seals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_while_a_request_is_out_is_skipped_not_queued),
        cmocka_unit_test(a_tick_waits_behind_a_poll_after_an_event),
        cmocka_unit_test(what_may_pass_is_tried_again_within_the_tick),
        cmocka_unit_test(answers_that_will_not_change_are_not_tried_again),
        cmocka_unit_test(a_refused_key_is_tried_once_a_minute),
        cmocka_unit_test(nothing_is_stamped_by_a_clock_that_nobody_confirmed),
        cmocka_unit_test(what_is_never_heard_has_the_machines_time_and_no_offset),
        cmocka_unit_test(a_time_that_cannot_be_read_is_asked_for_again),
        cmocka_unit_test(a_timestamp_that_is_refused_is_mended_once),
        cmocka_unit_test(accounts_that_hang_hold_up_no_other),
        cmocka_unit_test(a_tick_that_comes_meanwhile_is_not_taken_for_the_one_before),
        cmocka_unit_test_setup_teardown(prices_are_asked_for_once_for_all_accounts, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(rates_of_what_is_held_are_asked_for_by_the_hour,
                                        bench_setup, bench_teardown),
        cmocka_unit_test(a_pause_holds_for_all_that_share_the_way),
        cmocka_unit_test(a_ban_of_days_is_tried_each_hour_and_ends_when_that_is_answered),
        cmocka_unit_test(a_dead_host_delays_no_other),
        cmocka_unit_test(what_was_answered_and_dropped_is_asked_again),
        cmocka_unit_test_setup_teardown(an_authority_that_is_away_delays_no_poll, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
