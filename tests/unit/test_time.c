/* Times as people write them, and the calendar, on a machine whose own time is not UTC. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/calendar.h"
#include "base/time_text.h"

#define HOUR_MS (DAY_MS / 24)

static const struct calendar_step HOUR = {.ms = HOUR_MS}, DAY = {.ms = DAY_MS},
                                  WEEK = {.ms = WEEK_MS}, TWO_WEEKS = {.ms = 2 * WEEK_MS},
                                  MONTH = {.ms = 28 * DAY_MS, .months = 1},
                                  QUARTER = {.ms = 84 * DAY_MS, .months = 3},
                                  YEAR = {.ms = 336 * DAY_MS, .months = 12};

static int64_t at(const char *text)
{
    struct error error = {0};
    int64_t time_ms;
    if (!time_text_parse(text, 0, &time_ms, &error)) {
        fail_msg("%s", error.text);
    }
    return time_ms;
}

static void times_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t time_ms;
    } EXAMPLES[] = {
        {"1970-01-01", 0},
        {"2026-11-24", 1795478400000},
        {"2026-11-24T14:03:10Z", 1795528990000},
        {"2026-11-24 14:03", 1795528980000},
        {"2026-11-24T14:03:10.5Z", 1795528990500},
        {"2026-11-24T14:03:10.1239Z", 1795528990123},
        {"2026-11-24T16:03:10+02:00", 1795528990000},
        {"2026-11-24T09:33:10-0430", 1795528990000},
        {"2026-11-01T01:30", 1793496600000}, /* which New York has twice */
        {"2024-02-29", 1709164800000},
        {"20261124", 1795478400000},
        {"20240229", 1709164800000},
        {"1795528990000", 1795528990000},
        {"1795528990", 1795528990000},
        {"9999999999", 9999999999000},
        {"1000000000000", 1000000000000},
        {"0000000000", 0},
        {"now", TEST_NOW_MS},
        {"today", 1795478400000},
        {"yesterday", 1795478400000 - DAY_MS},
        {"-24h", TEST_NOW_MS - DAY_MS},
        {"-100ms", TEST_NOW_MS - 100},
        {"+1d", TEST_NOW_MS + DAY_MS},
        {"-1w", TEST_NOW_MS - 7 * DAY_MS},
        {"-1mo", TEST_NOW_MS - 31 * DAY_MS},
        {"-1y", TEST_NOW_MS - 365 * DAY_MS},
        {"+4mo", TEST_NOW_MS + (30 + 31 + 31 + 28) * DAY_MS},
        {"0001-01-01", TIME_MS_MIN},
        {"9999-12-31T23:59:59.999", TIME_MS_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct error error = {0};
        int64_t time_ms = 0;
        if (!time_text_parse(EXAMPLES[i].text, TEST_NOW_MS, &time_ms, &error) ||
            time_ms != EXAMPLES[i].time_ms) {
            fail_msg("%s: %lld %s", EXAMPLES[i].text, (long long)time_ms, error.text);
        }
    }
}

static void a_day_and_a_month_are_whole(void **state)
{
    static const struct {
        const char *text, *from, *to;
        int kind;
    } EXAMPLES[] = {
        {"2026-11-24", "2026-11-24T00:00", "2026-11-25T00:00", TIME_DAY},
        {"20261231", "2026-12-31T00:00", "2027-01-01T00:00", TIME_DAY},
        {"2024-02-28", "2024-02-28T00:00", "2024-02-29T00:00", TIME_DAY},
        {"2025-02-28", "2025-02-28T00:00", "2025-03-01T00:00", TIME_DAY},
        {"today", "2026-11-24T00:00", "2026-11-25T00:00", TIME_DAY},
        {"yesterday", "2026-11-23T00:00", "2026-11-24T00:00", TIME_DAY},
        {"2026-11", "2026-11-01T00:00", "2026-12-01T00:00", TIME_MONTH},
        {"2026-12", "2026-12-01T00:00", "2027-01-01T00:00", TIME_MONTH},
        {"2024-02", "2024-02-01T00:00", "2024-03-01T00:00", TIME_MONTH},
        {"2026-11-24T00:00", "2026-11-24T00:00", "2026-11-24T00:00", TIME_INSTANT},
        {"-22h", "2026-11-24T00:00", "2026-11-24T00:00", TIME_INSTANT},
        {"now", "2026-11-24T22:00", "2026-11-24T22:00", TIME_INSTANT},
    };
    struct error error = {0};
    struct time_span span;
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        assert_true(time_span_parse(EXAMPLES[i].text, TEST_NOW_MS, &span, &error));
        assert_int_equal(span.kind, EXAMPLES[i].kind);
        assert_int_equal(span.from_ms, at(EXAMPLES[i].from));
        assert_int_equal(span.to_ms, at(EXAMPLES[i].to));
    }
    assert_true(time_span_parse("9999-12", TEST_NOW_MS, &span, &error));
    assert_int_equal(span.to_ms, TIME_MS_MAX + 1);
}

static void today_is_the_day_of_utc_to_its_last_millisecond(void **state)
{
    const int64_t midnight_ms = at("2027-01-01");
    const int64_t nows[] = {midnight_ms, midnight_ms + 1, midnight_ms + DAY_MS - 1};
    (void)state;
    for (size_t i = 0; i < sizeof nows / sizeof nows[0]; i++) {
        struct error error = {0};
        struct time_span span;
        assert_true(time_span_parse("today", nows[i], &span, &error));
        assert_int_equal(span.from_ms, midnight_ms);
        assert_int_equal(span.to_ms, midnight_ms + DAY_MS);
        assert_true(time_span_parse("yesterday", nows[i], &span, &error));
        assert_int_equal(span.from_ms, at("2026-12-31"));
        assert_int_equal(span.to_ms, midnight_ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const EXAMPLES[] = {
        "",
        "tomorrow",
        "Today",
        "2026-13-01",
        "2026-02-30",
        "2025-02-29",
        "1900-02-29",
        "2026-00",
        "2026-13",
        "2026-1",
        "2026-11-",
        "2026-11-00",
        "2026-11T14:03",
        "2026-11-24T",
        "2026-11-24T25:00",
        "2026-11-24T14:60",
        "2026-11-24T14:03:10+9",
        "2026-11-24T14:03:10.Z",
        "24-11-2026",
        "2026-11-24x",
        "-1000",
        "-24",
        "+24",
        "-24x",
        "-1M",
        "--1d",
        "-999999999999999999d",
        "-300000000000d",
        "-9999999999999y",
        "-9000y",
        "+9000y",
        "0001-01-01T00:00+00:01",
        "9999-12-31T23:59:59.999-00:01",
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct error error = {0};
        int64_t time_ms;
        if (time_text_parse(EXAMPLES[i], TEST_NOW_MS, &time_ms, &error)) {
            fail_msg("%s was taken", EXAMPLES[i]);
        }
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

static void a_number_is_what_its_digits_say_or_refused(void **state)
{
    static const char *const NUMBERS[] = {
        "0",           "1000",         "2026",           "202611",          "999999999",
        "10000000000", "202611241403", "17955289900000", "253402300799999", "9999999999999999999",
    };
    static const char *const NO_DAYS[] = {"20261324", "20260230", "24112026", "00000101"};
    struct error error = {0};
    int64_t time_ms;
    (void)state;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        assert_false(time_text_parse(NUMBERS[i], TEST_NOW_MS, &time_ms, &error));
        assert_non_null(strstr(error.text, "a number is a date (8 digits)"));
    }
    for (size_t i = 0; i < sizeof NO_DAYS / sizeof NO_DAYS[0]; i++) {
        assert_false(time_text_parse(NO_DAYS[i], TEST_NOW_MS, &time_ms, &error));
        assert_non_null(strstr(error.text, "there is no day"));
    }
}

static void times_are_written_as_iso_utc(void **state)
{
    char text[TIME_TEXT_SIZE];
    (void)state;
    time_text_format(1795528990007, text);
    assert_string_equal(text, "2026-11-24T14:03:10.007Z");
    time_text_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    time_text_format(INT64_MAX, text);
    assert_string_equal(text, "9223372036854775807");
}

static void durations_have_a_unit(void **state)
{
    static const char *const NONE[] = {
        "10", "0s", "-5s", "5 s", "1mo", "1y", "999999999999999999d"};
    struct error error;
    int64_t duration_ms;
    (void)state;
    assert_true(duration_parse("100ms", &duration_ms, &error));
    assert_int_equal(duration_ms, 100);
    assert_true(duration_parse("5m", &duration_ms, &error));
    assert_int_equal(duration_ms, 300000);
    assert_true(duration_parse("2d", &duration_ms, &error));
    assert_int_equal(duration_ms, 172800000);
    assert_true(duration_parse("1w", &duration_ms, &error));
    assert_int_equal(duration_ms, 7 * DAY_MS);
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        assert_false(duration_parse(NONE[i], &duration_ms, &error));
    }
}

static void steps_are_durations_months_and_years(void **state)
{
    static const char *const NONE[] = {"1", "0mo", "-1mo", "month", "120001mo", "10001y", "0d"};
    struct calendar_step step;
    struct error error;
    (void)state;
    assert_true(step_parse("1w", &step, &error));
    assert_int_equal(step.ms, 7 * DAY_MS);
    assert_int_equal(step.months, 0);
    assert_true(step_parse("3mo", &step, &error));
    assert_int_equal(step.ms, 84 * DAY_MS);
    assert_int_equal(step.months, 3);
    assert_true(step_parse("1y", &step, &error));
    assert_int_equal(step.months, 12);
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        assert_false(step_parse(NONE[i], &step, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
    }
}

/* The step begins and ends there, and its first and last millisecond are in it. */
static void holds(const struct calendar_step *step, const char *begin, const char *end)
{
    int64_t begin_ms = at(begin), end_ms = at(end);
    const int64_t inside[] = {begin_ms, begin_ms + (end_ms - begin_ms) / 2, end_ms - 1};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        char text[TIME_TEXT_SIZE];
        time_text_format(inside[i], text);
        if (calendar_step_begin(step, inside[i]) != begin_ms ||
            calendar_step_end(step, inside[i]) != end_ms) {
            fail_msg("%s is not from %s to %s", text, begin, end);
        }
    }
    assert_int_equal(calendar_step_begin(step, end_ms), end_ms);
    assert_int_equal(calendar_step_end(step, begin_ms - 1), begin_ms);
}

static void days_and_hours_begin_at_midnight_and_on_the_hour_of_utc(void **state)
{
    (void)state;
    holds(&DAY, "2026-11-24", "2026-11-25");
    holds(&DAY, "2024-02-29", "2024-03-01");
    holds(&DAY, "2026-12-31", "2027-01-01");
    holds(&DAY, "1969-12-31", "1970-01-01");
    /* New York's clocks change on these. */
    holds(&DAY, "2026-03-08", "2026-03-09");
    holds(&DAY, "2026-11-01", "2026-11-02");
    holds(&HOUR, "2026-11-24T23:00", "2026-11-25");
}

static void weeks_begin_on_a_monday_whatever_the_year(void **state)
{
    (void)state;
    holds(&WEEK, "2026-11-23", "2026-11-30");
    holds(&WEEK, "2026-12-28", "2027-01-04");
    holds(&WEEK, "2024-12-30", "2025-01-06");
    holds(&WEEK, "2024-02-26", "2024-03-04");
    holds(&WEEK, "1970-01-05", "1970-01-12");
    holds(&WEEK, "1969-12-29", "1970-01-05");
    holds(&TWO_WEEKS, "1970-01-05", "1970-01-19");
    holds(&TWO_WEEKS, "2026-11-09", "2026-11-23");
}

static void months_quarters_and_years_are_the_calendars(void **state)
{
    static const char *const FIRSTS[] = {
        "2023-12", "2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06",
        "2024-07", "2024-08", "2024-09", "2024-10", "2024-11", "2024-12", "2025-01",
    };
    static const int DAYS[] = {31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof FIRSTS / sizeof FIRSTS[0]; i++) {
        holds(&MONTH, FIRSTS[i], FIRSTS[i + 1]);
        assert_int_equal(at(FIRSTS[i + 1]) - at(FIRSTS[i]), DAYS[i] * DAY_MS);
    }
    holds(&MONTH, "2026-02", "2026-03");
    holds(&MONTH, "1900-02", "1900-03");
    holds(&MONTH, "1969-12", "1970-01");
    assert_int_equal(at("1900-03") - at("1900-02"), 28 * DAY_MS);
    assert_int_equal(at("2000-03") - at("2000-02"), 29 * DAY_MS);
    holds(&QUARTER, "2026-10", "2027-01");
    holds(&QUARTER, "2024-01", "2024-04");
    holds(&YEAR, "2024-01", "2025-01");
}

static void steps_at_the_ends_of_time_do_not_run_over(void **state)
{
    const struct calendar_step longest = {.ms = INT64_MAX};
    const struct calendar_step many = {.ms = 28 * DAY_MS, .months = CALENDAR_MONTHS_MAX};
    (void)state;
    assert_int_equal(calendar_step_end(&DAY, TIME_MS_MAX), TIME_MS_MAX + 1);
    assert_int_equal(calendar_step_begin(&DAY, TIME_MS_MIN), TIME_MS_MIN);
    assert_int_equal(calendar_step_end(&MONTH, TIME_MS_MAX), TIME_MS_MAX + 1);
    assert_int_equal(calendar_step_begin(&MONTH, TIME_MS_MIN), TIME_MS_MIN);
    assert_int_equal(calendar_step_begin(&longest, TIME_MS_MAX), 0);
    assert_int_equal(calendar_step_end(&longest, TIME_MS_MAX), INT64_MAX);
    assert_true(calendar_step_end(&many, TIME_MS_MAX) > TIME_MS_MAX);
}

static void months_later_is_the_same_day_or_the_months_last(void **state)
{
    static const struct {
        const char *from;
        int64_t months;
        const char *to;
    } EXAMPLES[] = {
        {"2026-11-24T14:03:10.123", 1, "2026-12-24T14:03:10.123"},
        {"2026-11-24T14:03:10.123", -1, "2026-10-24T14:03:10.123"},
        {"2026-12-31T23:59:59.999", 2, "2027-02-28T23:59:59.999"},
        {"2024-01-31", 1, "2024-02-29"},
        {"2024-02-29", 12, "2025-02-28"},
        {"2024-02-29", -48, "2020-02-29"},
        {"2026-03-31", -1, "2026-02-28"},
        {"2026-01-01", -1, "2025-12-01"},
        {"1970-01-01", -1, "1969-12-01"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        assert_int_equal(calendar_add_months(at(EXAMPLES[i].from), EXAMPLES[i].months),
                         at(EXAMPLES[i].to));
    }
}

int main(void)
{
    setenv("TZ", "America/New_York", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(a_day_and_a_month_are_whole),
        cmocka_unit_test(today_is_the_day_of_utc_to_its_last_millisecond),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_number_is_what_its_digits_say_or_refused),
        cmocka_unit_test(times_are_written_as_iso_utc),
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(steps_are_durations_months_and_years),
        cmocka_unit_test(days_and_hours_begin_at_midnight_and_on_the_hour_of_utc),
        cmocka_unit_test(weeks_begin_on_a_monday_whatever_the_year),
        cmocka_unit_test(months_quarters_and_years_are_the_calendars),
        cmocka_unit_test(steps_at_the_ends_of_time_do_not_run_over),
        cmocka_unit_test(months_later_is_the_same_day_or_the_months_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
