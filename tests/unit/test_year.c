/* See year.h. */
#include "year.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "host/clock.h"
#include "service/run.h"
#include "store/verify.h"

#define HOURS_CI 10
#define HOURS_CI_LONG 36     /* of some: a stream's day ends within */
#define HOURS_LONG (30 * 24) /* of some where there is time */
#define SEEDS_CI 20
#define SEEDS_LONG 1000
#define QUIET_MS (2 * YEAR_HOUR)
#define STILL_MAX 1000 /* turns of the loop within a millisecond */

struct year *year;

void year_fail(const char *format, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_error("seed %u at %lld (the exchange's %lld), %zu accounts:", year->seed,
                (long long)year->now, (long long)exchange_ms(), year->account_count);
    for (int i = 0; i < FAULT_COUNT; i++) {
        print_error(" %lld", (long long)year->fault_counts[i]);
    }
    print_error("\n");
    fail_msg("seed %u: %s", year->seed, text);
    abort();
}

int64_t draw(int64_t below)
{
    return (int64_t)(random_next(&year->random) % (uint64_t)below);
}

bool one_in(int64_t count)
{
    return draw(count) == 0;
}

int64_t draw_span(int64_t least, int64_t most)
{
    int doublings = 0;
    while ((least << doublings) < most) {
        doublings++;
    }
    int64_t value = least << draw(doublings + 1);
    value += draw(value);
    return value < most ? value : most;
}

static void on_recorded(void *context, const struct capture *capture,
                        const struct recorded *recorded)
{
    struct error error = {0};
    int64_t read_ms = 0;
    (void)context;
    check_recorded(capture, recorded);
    if (!recorder_exchange_info_ms(year->bench->recorder, &COIN_M, &read_ms, &error)) {
        year_fail("%s", error.text);
    }
    if (year->fleet != NULL) {
        bool is_old = read_ms == INT64_MIN || capture->received_ms - read_ms > YEAR_DAY;
        fleet_note_recorded(year->fleet, capture, recorded, is_old);
    }
}

static void on_dropped(void *context, const struct capture *capture)
{
    (void)context;
    (void)capture;
    year_fail("a capture was dropped");
}

static void on_capture(void *context, struct capture *capture)
{
    (void)context;
    writer_add(year->writer, capture);
}

static void configure(void)
{
    struct error error = {0};
    if (!fleet_configure(year->fleet, year->settings, year->account_count, (struct maybe_int){0},
                         false, &error)) {
        year_fail("%s", error.text);
    }
}

static void start(void)
{
    struct error error = {0};
    const struct writer_watch watch = {NULL, on_recorded, on_dropped};
    check_start(false);
    year->known = known_new(&year->bench->database, &error);
    year->writer = writer_new(year->bench->recorder, &watch, &error);
    year->fleet = fleet_new(on_capture, NULL, year->known, NULL, &error);
    assert_non_null(year->fleet);
    configure();
}

static void end(void)
{
    year->stops_silently = true;
    fleet_free(year->fleet);
    year->stops_silently = false;
    known_free(year->known);
    writer_free(year->writer);
    year->fleet = NULL;
    year->known = NULL;
    year->writer = NULL;
}

void year_kill(int64_t down_ms)
{
    if (year->fleet != NULL) {
        end();
        recorder_free(year->bench->recorder);
        struct error error = {0};
        year->bench->recorder = recorder_new(&year->bench->database, true, &error);
        assert_non_null(year->bench->recorder);
        for (size_t i = 0; i < year->account_count; i++) {
            year->accounts[i].expected_count = 0;
        }
    }
    event_add(year->now + down_ms, EVENT_NOTHING, 1, 0);
}

static void flush(void)
{
    if (!writer_flush(year->writer, clock_boot())) {
        year_fail("the writer could not write");
    }
}

static void take_event(const struct event *event)
{
    switch (event->kind) {
    case EVENT_ARRIVE:
        network_arrive(event);
        break;
    case EVENT_ANSWER:
        network_answer(event);
        break;
    case EVENT_WIRE:
        network_wire(event);
        break;
    case EVENT_TICK:
        if (event->serial == year->clock_serial) {
            struct year_account *account = &year->accounts[event->index];
            check_tick(account);
            int64_t last_ms = account->ticks[(account->tick_count - 1) % TICKS_KEPT].exchange_ms;
            event_add(boot_of_exchange(last_ms + account->settings.interval_ms.value), EVENT_TICK,
                      event->index, event->serial);
        }
        break;
    case EVENT_FILL:
        if (!year->is_quiet) {
            for (int64_t i = one_in(20) ? draw(30) : 0; i >= 0; i--) {
                exchange_fill(&year->accounts[event->index]);
            }
            event_add(year->now + 1 + draw(YEAR_HOUR), EVENT_FILL, event->index, 0);
        }
        break;
    case EVENT_FUNDING:
        if (!year->is_quiet) {
            exchange_fund(&year->accounts[event->index]);
            event_add(year->now + 8 * YEAR_HOUR, EVENT_FUNDING, event->index, 0);
        }
        break;
    case EVENT_FAULT:
        fault_draw();
        break;
    case EVENT_NOTHING:
        if (event->index == 1 && year->fleet == NULL) {
            start();
        }
        break;
    }
}

/* Time goes on to what happens next, at the latest to a time. */
static void go_on(int64_t until)
{
    struct event event;
    int64_t before = year->now;
    year->now = event_next() < until ? event_next() : until;
    check_step(year->now - before);
    while (event_take(year->now, &event)) {
        take_event(&event);
    }
}

static void listen(void)
{
    struct error error = {0};
    if (!fleet_wait(year->fleet, -1, 0, &error)) {
        year_fail("%s", error.text);
    }
}

void year_reload(bool stops)
{
    if (year->fleet == NULL) {
        return;
    }
    int64_t finish = year->now + RUN_STOP_MS;
    year->stops = true;
    fleet_stop_streams(year->fleet, "posrec stops");
    while (fleet_pending(year->fleet) > 0 && year->now < finish) {
        int64_t next = event_next();
        struct event event;
        int64_t before = year->now;
        year->now = next < finish ? next : finish;
        check_step(year->now - before);
        while (event_take(year->now, &event)) {
            if (event.kind == EVENT_FAULT) {
                event_add(finish + 1, EVENT_FAULT, 0, 0);
            } else {
                take_event(&event);
            }
        }
        listen();
    }
    fleet_finish(year->fleet);
    flush();
    check_finished();
    if (stops) {
        end();
        event_add(year->now + draw_span(YEAR_SECOND, YEAR_HOUR), EVENT_NOTHING, 1, 0);
    } else {
        check_start(true);
        configure();
    }
    year->stops = false;
}

static void step(void)
{
    int64_t wake = INT64_MAX;
    if (year->now < year->suspended_until) {
        go_on(year->suspended_until);
        if (year->now >= year->suspended_until) {
            network_resume();
        }
        return;
    }
    if (year->fleet != NULL) {
        listen();
        flush();
        wake = fleet_work(year->fleet).ms;
        check_step(0);
    }
    year->still_count = year->now == year->still_at ? year->still_count + 1 : 0;
    year->still_at = year->now;
    if (year->still_count > STILL_MAX) {
        year_fail("time stands still");
    }
    go_on(wake > year->now + YEAR_MINUTE ? year->now + YEAR_MINUTE
          : wake > year->now             ? wake
                                         : year->now);
    if (year->fleet != NULL && year->now >= year->suspended_until) {
        listen();
        flush();
    }
}

static void configure_accounts(void)
{
    static const char *const URLS[YEAR_ROUTES] = {
        "https://dapi.binance.com", "https://dapi.binance.com", "https://fapi.binance.com"};
    static const int64_t SHARES[] = {80, 80, 80, 10, 5};
    struct error error = {0};
    int64_t routes = 1 + draw(YEAR_ROUTES), share = SHARES[draw(5)];
    year->account_count = (size_t)(1 + draw(YEAR_ACCOUNTS_MAX));
    for (size_t i = 0; i < year->account_count; i++) {
        struct year_account *account = &year->accounts[i];
        snprintf(account->name, sizeof account->name, "account%zu", i);
        snprintf(account->key, sizeof account->key, "key%zu", i);
        account->route = (int)draw(routes);
        year->routes[account->route].is_used = true;
        text_append_string(&year->credentials[i].api_key, account->key);
        year->credentials[i].signer = signer_new(span_of("secret"), &error);
        assert_non_null(year->credentials[i].signer);
        year->settings[i] = (struct account_settings){
            .account = account->name,
            .exchange = {.product = &COIN_M,
                         .base_url = URLS[account->route],
                         .recv_window_ms = RECV_WINDOW_MS_DEFAULT,
                         .credentials = &year->credentials[i]},
            .proxy = account->route == 1 ? "http://proxy:1" : NULL,
            .timeout_ms = 10000,
            .interval_ms = maybe_of(YEAR_MINUTE * (1 + draw(3))),
            .records = {[ENDPOINT_POSITION_RISK] = true,
                        [ENDPOINT_ACCOUNT] = true,
                        [ENDPOINT_INCOME] = true,
                        [ENDPOINT_USER_TRADES] = true,
                        [ENDPOINT_PREMIUM_INDEX] = one_in(2)},
            .account_interval_ms = 5 * YEAR_MINUTE,
            .income_interval_ms = 5 * YEAR_MINUTE * (1 + draw(3)),
            .weight_share_percent = share,
            .stream_url = account->route == 2 ? "wss://fapi.binance.com" : "wss://dstream",
        };
        account->settings = year->settings[i];
    }
}

static void verify(void)
{
    const struct verify_settings settings = {.from_capture_id = 1};
    struct verify_report report;
    struct error error = {0};
    if (!verify_database(&year->bench->database, &settings, &report, &error)) {
        year_fail("%s", error.text);
    }
    if (report.kind != VERIFY_SOUND) {
        year_fail("%s", report.what);
    }
}

static void free_year(void)
{
    network_end();
    for (size_t i = 0; i < year->account_count; i++) {
        text_free(&year->credentials[i].api_key);
        signer_free(year->credentials[i].signer);
        free(year->accounts[i].incomes);
        free(year->accounts[i].trades);
        free(year->accounts[i].expected);
    }
    free(year);
}

static int64_t hours_of(unsigned seed)
{
    const char *asked = getenv("POSREC_YEAR_HOURS");
    bool is_long = seed % 10 == 5;
    return asked != NULL    ? strtoll(asked, NULL, 10)
           : test_is_long() ? (is_long ? HOURS_LONG : HOURS_CI_LONG)
           : is_long        ? HOURS_CI_LONG
                            : HOURS_CI;
}

static void run_year(unsigned seed, void **state)
{
    struct error error = {0};
    bench_setup(state);
    year = calloc(1, sizeof *year);
    assert_non_null(year);
    year->bench = *state;
    year->seed = seed;
    year->random.state = seed;
    year->now = year->started = YEAR_MINUTE + draw(YEAR_DAY);
    year->ends = year->now + hours_of(seed) * YEAR_HOUR;
    database_run(&year->bench->database, "PRAGMA synchronous = OFF", &error);
    configure_accounts();
    exchange_start();
    year->wall_ahead_ms = exchange_ms() - year->now + draw(200) - 100;
    fault_start();
    start();
    while (year->now < year->ends) {
        step();
    }
    fault_end();
    for (int64_t quiet = year->now + QUIET_MS; year->now < quiet || year->fleet == NULL;) {
        step();
        for (int i = 0; i < YEAR_WAYS; i++) {
            bool is_paused = year->now < year->ways[i].may_wait_until;
            bool is_asleep = year->now < year->suspended_until;
            quiet = is_paused || is_asleep ? year->now + QUIET_MS : quiet;
        }
    }
    year_reload(true);
    check_end();
    verify();
    print_message("seed %u: %zu accounts, %lld requests, %lld captures, %lld messages, %lld ticks, "
                  "excused %lld %lld %lld %lld %lld %lld %lld, moved %lld\n",
                  seed, year->account_count, (long long)year->requests, (long long)year->captures,
                  (long long)year->messages, (long long)year->ticks,
                  (long long)year->ticks_excused[0], (long long)year->ticks_excused[1],
                  (long long)year->ticks_excused[2], (long long)year->ticks_excused[3],
                  (long long)year->ticks_excused[4], (long long)year->ticks_excused[5],
                  (long long)year->ticks_excused[6], (long long)year->moved);
    free_year();
    bench_teardown(state);
}

/* The same seeds each time, where what is tested is a change, or from another on some of them;
 * others too where there is time.
 */
static void whatever_happens_nothing_is_lost_invented_or_late(void **state)
{
    const char *only = getenv("POSREC_YEAR_SEED");
    unsigned first = only != NULL ? (unsigned)strtoul(only, NULL, 10) : 0;
    unsigned count = only != NULL ? 1 : SEEDS_CI, step = test_step();
    for (unsigned i = step > 1 && only == NULL ? test_seed() % step : 0; i < count; i += step) {
        run_year(first + i, state);
    }
    unsigned drawn = only == NULL && test_is_long() ? test_seed() : 0;
    for (unsigned i = 0; drawn != 0 && i < SEEDS_LONG - SEEDS_CI; i++) {
        run_year(drawn + i, state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_nothing_is_lost_invented_or_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
