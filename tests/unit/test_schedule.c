/* The engine's arithmetic: ticks, weight, pauses, backoff and the exchange's clock. Time is passed
 * in. */
#include "support.h"

#include <stdlib.h>

#include "ask/exchange_clock.h"
#include "ask/schedule.h"
#include "ask/way.h"
#include "exchange/endpoints.h"
#include "exchange/limits.h"

#define START_MS INT64_C(1795528990007)
#define MINUTE_MS INT64_C(60000)

static struct exchange_time due;
static int64_t skipped;

static bool tick(struct schedule *schedule, int64_t now_ms)
{
    return schedule_tick(schedule, (struct exchange_time){now_ms}, 0, &due, &skipped);
}

static struct schedule start(int64_t interval_ms, int64_t now_ms, bool at_once)
{
    return schedule_start(interval_ms, (struct exchange_time){now_ms}, at_once, 0);
}

static void the_first_tick_is_at_once_and_the_next_aligned(void **state)
{
    struct schedule schedule = start(10000, START_MS, true);
    (void)state;
    assert_true(tick(&schedule, START_MS));
    assert_int_equal(due.ms, START_MS);
    assert_int_equal(skipped, 0);
    assert_false(tick(&schedule, START_MS + 1));
    assert_int_equal(schedule.next_due.ms, 1795529000000);
    assert_true(tick(&schedule, 1795529000000));
    assert_int_equal(due.ms, 1795529000000);
}

static void of_several_missed_ticks_only_the_last_is_taken(void **state)
{
    struct schedule schedule = start(1000, 0, false);
    (void)state;
    assert_true(tick(&schedule, 5300));
    assert_int_equal(due.ms, 5000);
    assert_int_equal(skipped, 4);
    assert_int_equal(schedule.next_due.ms, 6000);
}

/* Ten hours forward, and back: the next multiple is the next tick, and none was missed. */
static void a_corrected_clock_neither_stops_the_ticks_nor_skips_any(void **state)
{
    struct schedule schedule = start(1000, 36001000, false);
    (void)state;
    for (int64_t epoch = 1; epoch <= 2; epoch++) {
        struct exchange_time now = {epoch == 1 ? 500 : 72000500};
        assert_false(schedule_tick(&schedule, now, epoch, &due, &skipped));
        assert_int_equal(schedule.next_due.ms, now.ms + 500);
        now.ms += 500;
        assert_true(schedule_tick(&schedule, now, epoch, &due, &skipped));
        assert_int_equal(due.ms, now.ms);
        assert_int_equal(skipped, 0);
    }
}

static struct moment at(int64_t ms)
{
    return (struct moment){{ms - 5000}, {ms}, 0}; /* two clocks that are not the same */
}

static bool may_send(struct limits *limits, int64_t ms, int64_t weight)
{
    const struct moment now = at(ms);
    return limits_may_send(limits, &now, weight);
}

static bool may_send_extra(struct limits *limits, int64_t ms, int64_t weight)
{
    const struct moment now = at(ms);
    return limits_may_send_extra(limits, &now, weight);
}

static void send(struct limits *limits, int64_t ms, int64_t weight)
{
    const struct limits_sent sent = {at(ms), weight};
    limits_note_sent(limits, &sent);
}

/* The answer to a request of weight 1 that went out then; whether it ordered a pause. */
static bool answer(struct limits *limits, int64_t sent_ms, int64_t ms,
                   const struct capture *capture, struct maybe_int retry_after_s)
{
    const struct limits_sent sent = {at(sent_ms), 1};
    const struct moment now = at(ms);
    return limits_note_answer(limits, &now, &sent, capture, retry_after_s);
}

static void weight_stays_under_eighty_percent_of_the_limit(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    int sent = 0;
    (void)state;
    while (may_send(&limits, 90000, 1)) {
        send(&limits, 90000, 1);
        sent++;
    }
    assert_int_equal(sent, 1920);
    const struct moment now = at(90000);
    assert_int_equal(limits_next(&limits, &now).ms, 120000 + LIMITS_TURN_MS - 5000);
    assert_true(may_send(&limits, 120000 + LIMITS_TURN_MS, 1));
}

static void what_schedules_need_of_the_minute_is_left_to_them(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    int sent = 0;
    (void)state;
    limits.scheduled_weight = 1800;
    while (may_send_extra(&limits, 60000 + LIMITS_TURN_MS, 1)) {
        send(&limits, 60000 + LIMITS_TURN_MS, 1);
        sent++;
    }
    assert_in_range(sent, 120, 128);
    assert_true(may_send(&limits, 60500, 1));
    assert_false(may_send_extra(&limits, 60000 + LIMITS_TURN_MS, 1));
    /* half of the minute is over; of the budget a 400th is left to what nobody foresees */
    assert_true(may_send_extra(&limits, 90000, 1020 - 4 - sent));
    assert_false(may_send_extra(&limits, 90000, 1021 - 4 - sent));
}

static void what_others_used_of_the_weight_counts(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    const struct capture capture = {.outcome = OUTCOME_OK, .used_weight = maybe_of(1920)};
    (void)state;
    assert_false(answer(&limits, 90000, 90100, &capture, (struct maybe_int){0}));
    assert_false(may_send(&limits, 90101, 1));
    assert_true(may_send(&limits, 120250, 1));
}

/* What the exchange counted when it took one of several, those that it had not counted yet add. */
static void what_is_out_is_added_to_the_exchanges_count(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    const struct capture capture = {.outcome = OUTCOME_OK, .used_weight = maybe_of(1000)};
    (void)state;
    for (int i = 0; i < 10; i++) {
        send(&limits, 90000, 1);
    }
    answer(&limits, 90000, 90100, &capture, (struct maybe_int){0});
    assert_int_equal(limits_used(&limits, (struct exchange_time){90100}), 1009);
    for (int i = 0; i < 9; i++) { /* it had counted all of them */
        answer(&limits, 90000, 90100, &capture, (struct maybe_int){0});
    }
    assert_int_equal(limits_used(&limits, (struct exchange_time){90100}), 1000);
}

/* An answer of the last minute that comes in the new one. */
static void a_count_is_of_the_minute_in_which_its_request_was_sent(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    const struct capture full = {.outcome = OUTCOME_OK, .used_weight = maybe_of(1920)};
    (void)state;
    send(&limits, 119000, 1);
    answer(&limits, 119000, 120300, &full, (struct maybe_int){0});
    assert_true(may_send(&limits, 120300, 100));
    assert_int_equal(limits_used(&limits, (struct exchange_time){120300}), 0);
}

/* Others use half of the new minute at its very beginning. */
static void what_others_use_at_a_turn_is_of_the_new_minute(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    const struct capture capture = {.outcome = OUTCOME_OK, .used_weight = maybe_of(2000)};
    (void)state;
    send(&limits, 119000, 10);
    answer(&limits, 120050, 120060, &capture, (struct maybe_int){0});
    assert_false(may_send(&limits, 121000, 1));
}

/* The exchange's minutes may begin 150 ms earlier or later than ours. */
static void minutes_that_begin_a_little_apart_neither_stand_still_nor_go_over(void **state)
{
    (void)state;
    for (int64_t apart_ms = -150; apart_ms <= 150; apart_ms += 150) {
        struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
        int64_t counted[12] = {0};
        limits.weight_limit = 1000;
        for (int64_t ms = 10 * MINUTE_MS; ms < 20 * MINUTE_MS; ms += 10) {
            if (may_send(&limits, ms, 1)) {
                int64_t *count = &counted[(ms + apart_ms) / MINUTE_MS - 9];
                send(&limits, ms, 1);
                const struct capture capture = {.outcome = OUTCOME_OK,
                                                .used_weight = maybe_of(++*count)};
                answer(&limits, ms, ms + 5, &capture, (struct maybe_int){0});
            }
        }
        for (int minute = 1; minute < 10; minute++) {
            assert_in_range(counted[minute], 700, 800);
        }
    }
}

static int64_t pause_ms(const struct capture *capture, struct maybe_int retry_after_s)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    assert_true(answer(&limits, 99000, 100000, capture, retry_after_s));
    const struct moment now = at(100000);
    assert_true(limits_are_paused(&limits, now.boot));
    return boot_since(limits.paused_until, now.boot);
}

static void pauses_last_as_long_as_the_exchange_says(void **state)
{
    const struct capture limited = {.outcome = OUTCOME_RATE_LIMITED};
    struct capture banned = {.outcome = OUTCOME_BANNED};
    (void)state;
    assert_in_range(pause_ms(&limited, maybe_of(7)), 7000, 8000);
    assert_int_equal(pause_ms(&limited, (struct maybe_int){0}), 20000 + LIMITS_TURN_MS);
    assert_int_equal(pause_ms(&banned, (struct maybe_int){0}), LIMITS_BAN_MS_DEFAULT);
    text_append_string(&banned.detail, "Way too many requests; IP banned until 198765432. Please");
    assert_int_equal(pause_ms(&banned, (struct maybe_int){0}), 198765432 - 100000);
    capture_free(&banned);
}

static void a_pause_is_of_three_days_at_most(void **state)
{
    const int64_t seconds[] = {3 * 86400, 999999999, INT64_MAX / 1000, INT64_MAX};
    struct capture banned = {.outcome = OUTCOME_BANNED};
    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        assert_int_equal(pause_ms(&banned, maybe_of(seconds[i])), LIMITS_PAUSE_MS_MAX);
    }
    text_append_string(&banned.detail, "IP banned until 9223372036854775807.");
    assert_int_equal(pause_ms(&banned, (struct maybe_int){0}), LIMITS_PAUSE_MS_MAX);
    capture_free(&banned);
}

static void a_long_pause_is_tried_once_an_hour(void **state)
{
    const int64_t hour_ms = 60 * MINUTE_MS;
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    const struct capture banned = {.outcome = OUTCOME_BANNED};
    (void)state;
    answer(&limits, 99000, 100000, &banned, maybe_of(2 * 86400));
    assert_false(limits_may_probe(&limits, at(100000 + hour_ms - 1).boot));
    assert_true(limits_may_probe(&limits, at(100000 + hour_ms).boot));
    limits_note_probe(&limits, at(100000 + hour_ms).boot);
    assert_false(limits_may_probe(&limits, at(100000 + 2 * hour_ms - 1).boot));
    assert_true(limits_may_probe(&limits, at(100000 + 2 * hour_ms).boot));
    assert_false(may_send(&limits, 100000 + 2 * hour_ms, 1));
    limits_end_pause(&limits);
    assert_true(may_send(&limits, 100000 + 2 * hour_ms, 1));
}

static void backoff_doubles_up_to_its_cap_with_full_jitter(void **state)
{
    (void)state;
    assert_int_equal(limits_backoff_ms(0, 250, 10000, 250), 250);
    assert_int_equal(limits_backoff_ms(0, 250, 10000, 251), 0);
    assert_int_equal(limits_backoff_ms(3, 250, 10000, 2000), 2000);
    assert_int_equal(limits_backoff_ms(60, 250, 10000, 10000), 10000);
    assert_int_equal(limits_backoff_ms(60, 250, 10000, 10001), 0);
}

static void the_weight_limit_is_read_from_exchange_info(void **state)
{
    int64_t weight = 0;
    (void)state;
    assert_true(endpoint_read_weight_limit(
        span_of("{\"rateLimits\":[{\"rateLimitType\":\"ORDERS\",\"interval\":\"MINUTE\","
                "\"intervalNum\":1,\"limit\":1200},{\"rateLimitType\":\"REQUEST_WEIGHT\","
                "\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":6000}]}"),
        &weight));
    assert_int_equal(weight, 6000);
    assert_false(endpoint_read_weight_limit(span_of("{\"rateLimits\":[]}"), &weight));
    assert_false(endpoint_read_weight_limit(span_of("not json"), &weight));
}

/* Sent and received 40 ms apart, by a wall clock that is `off_ms` ahead of the exchange's, whose
 * own is START_MS at boot time 0. */
static struct exchange_reading reading(int64_t boot_ms, int64_t off_ms)
{
    return (struct exchange_reading){{boot_ms - 20},
                                     {{boot_ms + 20}, START_MS + boot_ms + 20 + off_ms}};
}

static struct exchange_time date(int64_t boot_ms)
{
    return (struct exchange_time){(START_MS + boot_ms) / 1000 * 1000};
}

static int64_t error_ms(const struct exchange_clock *clock, int64_t boot_ms, int64_t off_ms)
{
    const struct now now = {{boot_ms}, START_MS + boot_ms + off_ms};
    int64_t ms = exchange_clock_at(clock, &now, now.boot).ms - (START_MS + boot_ms);
    return ms < 0 ? -ms : ms;
}

static void the_exchanges_time_is_what_it_says(void **state)
{
    const int64_t off_ms = 36000000;
    struct exchange_clock clock = {0};
    struct exchange_reading read = reading(1000, off_ms);
    (void)state;
    assert_false(exchange_clock_is_known(&clock, read.received.boot));
    assert_int_equal(error_ms(&clock, 1000, off_ms), off_ms);
    exchange_clock_hear(&clock, &read, date(1000));
    assert_true(exchange_clock_is_known(&clock, read.received.boot));
    assert_in_range(error_ms(&clock, 1000, off_ms), 0, 2000);
    exchange_clock_measure(&clock, &read, (struct exchange_time){START_MS + 1000});
    assert_in_range(error_ms(&clock, 500000, off_ms), 0, 20);
    assert_int_equal(exchange_clock_offset_ms(&clock, &read.received).value, -off_ms);
    const struct exchange_time then = exchange_clock_at(&clock, &read.received, read.sent);
    assert_int_equal(exchange_clock_boot(&clock, &read.received, then).ms, read.sent.ms);
}

/* A clock of the machine that Date does not contradict is nearer than Date. */
static void a_good_wall_clock_serves_where_date_agrees(void **state)
{
    struct exchange_clock clock = {0};
    struct exchange_reading read = reading(1000, 3);
    (void)state;
    exchange_clock_hear(&clock, &read, date(1000));
    assert_int_equal(error_ms(&clock, 1000, 3), 3);
    assert_false(exchange_clock_offset_ms(&clock, &read.received).known);
    assert_int_equal(clock.epoch, 0);
}

/* Date of a proxy, or of a page that somebody keeps. */
static void a_date_that_time_denies_is_not_listened_to(void **state)
{
    struct exchange_clock clock = {0};
    struct exchange_reading read = reading(1000, 0);
    const struct exchange_time wrong = {START_MS - 3600000};
    (void)state;
    exchange_clock_measure(&clock, &read, (struct exchange_time){START_MS + 1000});
    int64_t epoch = clock.epoch;
    read = reading(2000, 0);
    exchange_clock_hear(&clock, &read, wrong);
    assert_false(exchange_clock_is_known(&clock, read.received.boot));
    read = reading(2100, 0);
    exchange_clock_measure(&clock, &read, (struct exchange_time){START_MS + 2100});
    assert_true(exchange_clock_is_known(&clock, read.received.boot));
    exchange_clock_hear(&clock, &read, wrong);
    assert_true(exchange_clock_is_known(&clock, read.received.boot));
    assert_in_range(error_ms(&clock, 3000, 0), 0, 20);
    assert_int_equal(clock.epoch, epoch);
}

/* The boot clock jumped, or the exchange's was set; /time cannot be had. */
static void a_date_that_nobody_denies_is_a_correction(void **state)
{
    const int64_t jump_ms = 18000000;
    struct exchange_clock clock = {0};
    struct exchange_reading read = reading(1000, 0);
    (void)state;
    exchange_clock_measure(&clock, &read, (struct exchange_time){START_MS + 1000});
    int64_t epoch = clock.epoch;
    read = reading(2000 + jump_ms, 0);
    exchange_clock_hear(&clock, &read, date(2000));
    assert_false(exchange_clock_is_known(&clock, read.received.boot));
    exchange_clock_settle(&clock, &read.received);
    assert_true(exchange_clock_is_known(&clock, read.received.boot));
    assert_in_range(error_ms(&clock, 2000 + jump_ms, 0), jump_ms - 2000, jump_ms + 2000);
    assert_int_equal(clock.epoch, epoch + 1);
}

static void a_signature_is_never_ahead_of_the_exchange(void **state)
{
    (void)state;
    for (int64_t boot_ms = 1000; boot_ms < 3000; boot_ms += 50) {
        struct exchange_clock clock = {0};
        struct exchange_reading read = reading(boot_ms, 36000000);
        exchange_clock_hear(&clock, &read, date(boot_ms));
        int64_t late_ms =
            START_MS + boot_ms + 20 - exchange_clock_timestamp(&clock, &read.received).ms;
        assert_in_range(late_ms, 0, RECV_WINDOW_MS_DEFAULT);
    }
}

static void check_family(const char *base_url, const char *wanted)
{
    struct text family = {0};
    way_family(base_url, &family);
    assert_string_equal(text_string(&family), wanted);
    text_free(&family);
}

static void hosts_of_one_exchange_are_one_family(void **state)
{
    (void)state;
    check_family("https://dapi.binance.com", ".binance.com");
    check_family("https://fapi.binance.com", ".binance.com");
    check_family("https://demo-dapi.binance.com", "demo-.binance.com");
    check_family("https://demo-fapi.binance.com", "demo-.binance.com");
    check_family("https://testnet.binancefuture.com", "testnet.binancefuture.com");
    check_family("http://127.0.0.1:8001", "loopback:8001");
    check_family("http://localhost:8001", "loopback:8001");
    check_family("http://[::1]:8001", "loopback:8001");
}

/* 300 that want to connect at once, and again as soon as they may. */
static void streams_connect_250_times_in_five_minutes(void **state)
{
    struct way *way = calloc(1, sizeof *way);
    struct boot_time now = {1000000};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        while (!way_may_connect(way, now)) {
            assert_true(way_connect_next(way).ms > now.ms);
            now = way_connect_next(way);
        }
        way_note_connecting(way, now);
        way_note_connected(way);
    }
    assert_int_equal(now.ms, 1000000 + 3 * WAY_CONNECTIONS_MS);
    for (int i = 0; i < WAY_CONNECTING_MAX; i++) {
        now.ms += WAY_CONNECTIONS_MS;
        assert_true(way_may_connect(way, now));
        way_note_connecting(way, now);
    }
    now.ms += WAY_CONNECTIONS_MS;
    assert_false(way_may_connect(way, now));
    free(way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_tick_is_at_once_and_the_next_aligned),
        cmocka_unit_test(of_several_missed_ticks_only_the_last_is_taken),
        cmocka_unit_test(a_corrected_clock_neither_stops_the_ticks_nor_skips_any),
        cmocka_unit_test(weight_stays_under_eighty_percent_of_the_limit),
        cmocka_unit_test(what_schedules_need_of_the_minute_is_left_to_them),
        cmocka_unit_test(what_others_used_of_the_weight_counts),
        cmocka_unit_test(what_is_out_is_added_to_the_exchanges_count),
        cmocka_unit_test(a_count_is_of_the_minute_in_which_its_request_was_sent),
        cmocka_unit_test(what_others_use_at_a_turn_is_of_the_new_minute),
        cmocka_unit_test(minutes_that_begin_a_little_apart_neither_stand_still_nor_go_over),
        cmocka_unit_test(pauses_last_as_long_as_the_exchange_says),
        cmocka_unit_test(a_pause_is_of_three_days_at_most),
        cmocka_unit_test(a_long_pause_is_tried_once_an_hour),
        cmocka_unit_test(backoff_doubles_up_to_its_cap_with_full_jitter),
        cmocka_unit_test(the_weight_limit_is_read_from_exchange_info),
        cmocka_unit_test(the_exchanges_time_is_what_it_says),
        cmocka_unit_test(a_good_wall_clock_serves_where_date_agrees),
        cmocka_unit_test(a_date_that_time_denies_is_not_listened_to),
        cmocka_unit_test(a_date_that_nobody_denies_is_a_correction),
        cmocka_unit_test(a_signature_is_never_ahead_of_the_exchange),
        cmocka_unit_test(hosts_of_one_exchange_are_one_family),
        cmocka_unit_test(streams_connect_250_times_in_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
