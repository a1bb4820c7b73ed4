/* The service's arithmetic: ticks, retries, limits, backoff and the exchange's clock. Time is
 * passed in. */
#include "support.h"

#include "exchange/endpoints.h"
#include "exchange/limits.h"
#include "service/exchange_clock.h"
#include "service/schedule.h"

#define START_MS INT64_C(1795528990007)

static int64_t due_ms, skipped;

static enum schedule_step work(struct schedule *schedule, int64_t now_ms, bool is_busy)
{
    due_ms = 0;
    return schedule_work(schedule, now_ms, is_busy, &due_ms, &skipped);
}

static void the_first_tick_is_at_once_and_the_next_aligned(void **state)
{
    struct schedule schedule = schedule_start(10000, START_MS, true);
    (void)state;
    assert_int_equal(work(&schedule, START_MS, false), SCHEDULE_TICK);
    assert_int_equal(due_ms, START_MS);
    assert_int_equal(skipped, 0);
    assert_int_equal(work(&schedule, START_MS + 1, false), SCHEDULE_WAIT);
    assert_int_equal(schedule.next_due_ms, 1795529000000);
    assert_int_equal(work(&schedule, 1795529000000, false), SCHEDULE_TICK);
    assert_int_equal(due_ms, 1795529000000);
}

static void a_tick_while_a_request_is_out_is_skipped_not_queued(void **state)
{
    struct schedule schedule = schedule_start(1000, 0, false);
    (void)state;
    assert_int_equal(work(&schedule, 1000, true), SCHEDULE_WAIT);
    assert_int_equal(skipped, 1);
    assert_int_equal(work(&schedule, 1001, false), SCHEDULE_WAIT);
    assert_int_equal(work(&schedule, 2000, false), SCHEDULE_TICK);
    assert_int_equal(skipped, 0);
}

static void of_several_missed_ticks_only_the_last_is_taken(void **state)
{
    struct schedule schedule = schedule_start(1000, 0, false);
    (void)state;
    assert_int_equal(work(&schedule, 5300, false), SCHEDULE_TICK);
    assert_int_equal(due_ms, 5000);
    assert_int_equal(skipped, 4);
    assert_int_equal(schedule.next_due_ms, 6000);
}

static void what_may_pass_is_tried_again_within_the_tick(void **state)
{
    struct schedule schedule = schedule_start(10000, 0, false);
    (void)state;
    work(&schedule, 10000, false);
    schedule_note(&schedule, 10100, SCHEDULE_OUTAGE, 300);
    assert_true(schedule.retry_is_due);
    assert_int_equal(schedule.retry_ms, 10400);
    assert_int_equal(work(&schedule, 10399, false), SCHEDULE_WAIT);
    assert_int_equal(work(&schedule, 10400, false), SCHEDULE_RETRY);
    schedule_note(&schedule, 10500, SCHEDULE_DONE, 300);
    assert_false(schedule.retry_is_due);
}

static void a_retry_that_would_come_after_the_next_tick_is_left_out(void **state)
{
    struct schedule schedule = schedule_start(1000, 0, false);
    (void)state;
    work(&schedule, 1000, false);
    schedule_note(&schedule, 1900, SCHEDULE_OUTAGE, 400);
    assert_false(schedule.retry_is_due);
    assert_int_equal(work(&schedule, 2000, false), SCHEDULE_TICK);
}

static void answers_that_will_not_change_are_not_tried_again(void **state)
{
    struct schedule schedule = schedule_start(10000, 0, false);
    (void)state;
    work(&schedule, 10000, false);
    schedule_note(&schedule, 10100, SCHEDULE_DONE, 0);
    assert_false(schedule.retry_is_due);
}

static void a_refused_key_is_tried_once_a_minute(void **state)
{
    struct schedule schedule = schedule_start(10000, 0, false);
    int ticks = 0;
    (void)state;
    for (int64_t now_ms = 10000; now_ms < 190000; now_ms += 10000) {
        if (work(&schedule, now_ms, false) == SCHEDULE_TICK) {
            ticks++;
            schedule_note(&schedule, now_ms + 50, SCHEDULE_REFUSED, 0);
        }
    }
    assert_int_equal(ticks, 3);
}

static void a_clock_set_back_does_not_stop_the_ticks(void **state)
{
    struct schedule schedule = schedule_start(1000, 1000000, false);
    (void)state;
    work(&schedule, 1001000, false);
    assert_int_equal(work(&schedule, 700000, false), SCHEDULE_WAIT);
    assert_int_equal(schedule.next_due_ms, 701000);
}

static void weight_stays_under_eighty_percent_of_the_limit(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    int sent = 0;
    (void)state;
    while (limits_may_send(&limits, 60000, 1)) {
        limits_note_sent(&limits, 60000, 1);
        sent++;
    }
    assert_int_equal(sent, 1920);
    assert_int_equal(limits_next_ms(&limits, 60000, 1), 120000);
    assert_true(limits_may_send(&limits, 120000, 1));
}

static void what_schedules_need_of_the_minute_is_left_to_them(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    int sent = 0;
    (void)state;
    limits.scheduled_weight = 1800;
    while (limits_may_send_extra(&limits, 60000, 1)) {
        limits_note_sent(&limits, 60000, 1);
        sent++;
    }
    assert_int_equal(sent, 120);
    assert_true(limits_may_send(&limits, 60000, 1));
    assert_false(limits_may_send_extra(&limits, 60000, 1));
    assert_true(limits_may_send_extra(&limits, 90000, 900)); /* half of the minute is over */
    assert_false(limits_may_send_extra(&limits, 90000, 901));
}

static void what_others_used_of_the_weight_counts(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    struct capture capture = {.outcome = OUTCOME_OK, .used_weight = maybe_of(1920)};
    (void)state;
    assert_false(limits_note_answer(&limits, 60000, &capture, (struct maybe_int){0}));
    assert_false(limits_may_send(&limits, 60001, 1));
    assert_true(limits_may_send(&limits, 120000, 1));
}

static void pauses_last_as_long_as_the_exchange_says(void **state)
{
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    struct capture limited = {.outcome = OUTCOME_RATE_LIMITED};
    struct capture banned = {.outcome = OUTCOME_BANNED};
    (void)state;
    assert_true(limits_note_answer(&limits, 100000, &limited, maybe_of(7)));
    assert_in_range(limits.paused_until_ms, 107000, 108000);
    limits = limits_start(LIMITS_SHARE_PERCENT);
    assert_true(limits_note_answer(&limits, 100000, &limited, (struct maybe_int){0}));
    assert_int_equal(limits.paused_until_ms, 120000);
    limits = limits_start(LIMITS_SHARE_PERCENT);
    assert_true(limits_note_answer(&limits, 100000, &banned, (struct maybe_int){0}));
    assert_int_equal(limits.paused_until_ms, 220000);
    limits = limits_start(LIMITS_SHARE_PERCENT);
    text_append_string(&banned.detail, "Way too many requests; IP banned until 198765432. Please");
    assert_true(limits_note_answer(&limits, 100000, &banned, (struct maybe_int){0}));
    assert_int_equal(limits.paused_until_ms, 198765432);
    assert_false(limits_may_send(&limits, 198765431, 1));
    assert_true(limits_may_send(&limits, 198765432, 1));
    capture_free(&banned);
}

static void a_pause_is_of_three_days_at_most(void **state)
{
    const int64_t seconds[] = {3 * 86400, 999999999, INT64_MAX / 1000, INT64_MAX};
    struct capture banned = {.outcome = OUTCOME_BANNED};
    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
        assert_true(limits_note_answer(&limits, 100000, &banned, maybe_of(seconds[i])));
        assert_int_equal(limits.paused_until_ms, 100000 + LIMITS_PAUSE_MS_MAX);
    }
    struct limits limits = limits_start(LIMITS_SHARE_PERCENT);
    text_append_string(&banned.detail, "IP banned until 9223372036854775807.");
    assert_true(limits_note_answer(&limits, 100000, &banned, (struct maybe_int){0}));
    assert_int_equal(limits.paused_until_ms, 100000 + LIMITS_PAUSE_MS_MAX);
    capture_free(&banned);
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

static void the_exchanges_clock_follows_the_monotonic_one(void **state)
{
    struct exchange_clock clock = exchange_clock_start(1000000, 500);
    (void)state;
    assert_int_equal(exchange_clock_at(&clock, 700), 1000200);
    exchange_clock_measure(&clock, 600, 700, 1300150);
    assert_int_equal(clock.offset_ms.value, 300000);
    assert_int_equal(exchange_clock_at(&clock, 1650), 1301150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_tick_is_at_once_and_the_next_aligned),
        cmocka_unit_test(a_tick_while_a_request_is_out_is_skipped_not_queued),
        cmocka_unit_test(of_several_missed_ticks_only_the_last_is_taken),
        cmocka_unit_test(what_may_pass_is_tried_again_within_the_tick),
        cmocka_unit_test(a_retry_that_would_come_after_the_next_tick_is_left_out),
        cmocka_unit_test(answers_that_will_not_change_are_not_tried_again),
        cmocka_unit_test(a_refused_key_is_tried_once_a_minute),
        cmocka_unit_test(a_clock_set_back_does_not_stop_the_ticks),
        cmocka_unit_test(weight_stays_under_eighty_percent_of_the_limit),
        cmocka_unit_test(what_schedules_need_of_the_minute_is_left_to_them),
        cmocka_unit_test(what_others_used_of_the_weight_counts),
        cmocka_unit_test(pauses_last_as_long_as_the_exchange_says),
        cmocka_unit_test(a_pause_is_of_three_days_at_most),
        cmocka_unit_test(backoff_doubles_up_to_its_cap_with_full_jitter),
        cmocka_unit_test(the_weight_limit_is_read_from_exchange_info),
        cmocka_unit_test(the_exchanges_clock_follows_the_monotonic_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
