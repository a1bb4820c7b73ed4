#include "ask/income_pages.h"

#include "support.h"

#define START_MS TEST_NOW_MS
#define NOW_MS (START_MS + 86400000)

static struct text body;

/* An answer of `count` rows, each `step_ms` after the one before, of so many types in turn. */
static struct span answer(int64_t first_ms, int64_t step_ms, int count, int types)
{
    text_clear(&body);
    text_append_char(&body, '[');
    for (int i = 0; i < count; i++) {
        text_printf(&body,
                    "%s{\"symbol\":\"\",\"incomeType\":\"TYPE_%d\",\"income\":\"1\",\"asset\":"
                    "\"BTC\",\"info\":\"\",\"time\":%lld,\"tranId\":\"%d\",\"tradeId\":\"\"}",
                    i == 0 ? "" : ",", i % types, (long long)(first_ms + i * step_ms), i);
    }
    text_append_char(&body, ']');
    return text_span(&body);
}

/* The question that is due is of these times, and of this type; -1 for no end. */
static struct question expect(const struct income_pages *pages, int64_t start_ms, int64_t end_ms,
                              const char *type)
{
    struct question question;
    income_pages_question(pages, NOW_MS, &question);
    assert_int_equal(question.start_ms.value, start_ms);
    assert_int_equal(question.end_ms.known ? question.end_ms.value : -1, end_ms);
    assert_string_equal(question.income_type, type);
    assert_int_equal(question.limit.value, PAGE_ROWS);
    return question;
}

static void a_full_page_is_followed_by_one_from_its_last_time_on(void **state)
{
    struct income_pages pages = {0};
    (void)state;
    income_pages_begin(&pages, &COIN_M, START_MS, (struct maybe_int){0});
    struct question question = expect(&pages, START_MS, -1, "");
    assert_int_equal(income_pages_take(&pages, &question, answer(START_MS, 2, 1000, 1), NOW_MS),
                     INCOME_MORE);
    question = expect(&pages, START_MS + 1998, -1, "");
    assert_int_equal(
        income_pages_take(&pages, &question, answer(START_MS + 1998, 2, 999, 1), NOW_MS),
        INCOME_DONE);
    income_pages_end(&pages);
}

static void rows_need_no_order_within_a_page(void **state)
{
    struct income_pages pages = {0};
    (void)state;
    income_pages_begin(&pages, &COIN_M, START_MS, (struct maybe_int){0});
    struct question question = expect(&pages, START_MS, -1, "");
    assert_int_equal(
        income_pages_take(&pages, &question, answer(START_MS + 5000, -5, 1000, 1), NOW_MS),
        INCOME_MORE);
    expect(&pages, START_MS + 5000, -1, "");
    income_pages_end(&pages);
}

static void a_millisecond_that_fills_a_page_is_asked_for_by_type_and_then_left(void **state)
{
    static const char *const DOCUMENTED[] = {
        "TRANSFER",   "WELCOME_BONUS",   "FUNDING_FEE",          "REALIZED_PNL",
        "COMMISSION", "INSURANCE_CLEAR", "DELIVERED_SETTELMENT",
    };
    struct income_pages pages = {0};
    (void)state;
    income_pages_begin(&pages, &COIN_M, START_MS, (struct maybe_int){0});
    struct question question = expect(&pages, START_MS, -1, "");
    assert_int_equal(income_pages_take(&pages, &question, answer(START_MS, 0, 1000, 2), NOW_MS),
                     INCOME_MORE);
    for (int i = 0; i < 9; i++) {
        const char *type = i < 7 ? DOCUMENTED[i] : i == 7 ? "TYPE_0" : "TYPE_1";
        int count = i == 8 ? 1000 : 0;
        question = expect(&pages, START_MS, START_MS, type);
        assert_int_equal(
            income_pages_take(&pages, &question, answer(START_MS, 0, count, 1), NOW_MS),
            INCOME_MORE);
        assert_int_equal(income_pages_is_cut_off(&question, count), i == 8);
    }
    question = expect(&pages, START_MS + 1, -1, "");
    assert_false(income_pages_is_cut_off(&question, 1000));
    income_pages_end(&pages);
}

static void a_page_of_many_types_asks_for_no_more_than_the_limit(void **state)
{
    struct income_pages pages = {0};
    struct question question;
    size_t asked = 0;
    (void)state;
    income_pages_begin(&pages, &COIN_M, START_MS, (struct maybe_int){0});
    income_pages_question(&pages, NOW_MS, &question);
    income_pages_take(&pages, &question, answer(START_MS, 0, 1000, 1000), NOW_MS);
    for (income_pages_question(&pages, NOW_MS, &question); question.income_type[0] != '\0';
         income_pages_question(&pages, NOW_MS, &question)) {
        asked++;
        income_pages_take(&pages, &question, answer(START_MS, 0, 0, 1), NOW_MS);
    }
    assert_int_equal(asked, INCOME_TYPES_MAX);
    income_pages_end(&pages);
}

static void other_times_than_were_asked_for_lead_nowhere(void **state)
{
    const int64_t firsts_ms[] = {START_MS - 1, START_MS - 5000, NOW_MS + 86400000, 0,
                                 INT64_MIN / 2};
    (void)state;
    for (size_t i = 0; i < sizeof firsts_ms / sizeof firsts_ms[0]; i++) {
        struct income_pages pages = {0};
        income_pages_begin(&pages, &COIN_M, START_MS, (struct maybe_int){0});
        struct question question = expect(&pages, START_MS, -1, "");
        assert_int_equal(
            income_pages_take(&pages, &question, answer(firsts_ms[i], 1, 1000, 1), NOW_MS),
            INCOME_NOT_AS_ASKED);
        income_pages_end(&pages);
    }
}

static void a_range_ends_where_it_was_to_end(void **state)
{
    struct income_pages pages = {0};
    (void)state;
    income_pages_begin(&pages, &COIN_M, START_MS, maybe_of(START_MS + 999));
    struct question question = expect(&pages, START_MS, START_MS + 999, "");
    assert_int_equal(income_pages_take(&pages, &question, answer(START_MS, 1, 1000, 1), NOW_MS),
                     INCOME_MORE);
    question = expect(&pages, START_MS + 999, START_MS + 999, "");
    assert_int_equal(
        income_pages_take(&pages, &question, answer(START_MS + 999, 0, 1000, 1), NOW_MS),
        INCOME_MORE);
    for (int i = 0; i < 8; i++) {
        income_pages_question(&pages, NOW_MS, &question);
        assert_int_equal(
            income_pages_take(&pages, &question, answer(START_MS + 999, 0, 0, 1), NOW_MS),
            i < 7 ? INCOME_MORE : INCOME_DONE);
    }
    income_pages_end(&pages);
}

/* An account that was away for years has them asked for one after the other. */
static void years_are_asked_for_in_parts(void **state)
{
    struct income_pages pages = {0};
    int64_t start_ms = NOW_MS - 2 * COIN_M.income_span_ms_max - 5;
    (void)state;
    income_pages_begin(&pages, &COIN_M, start_ms, (struct maybe_int){0});
    for (int i = 0; i < 2; i++) {
        struct question question =
            expect(&pages, start_ms, start_ms + COIN_M.income_span_ms_max - 1, "");
        assert_int_equal(income_pages_take(&pages, &question, answer(start_ms, 1, 3, 1), NOW_MS),
                         INCOME_MORE);
        start_ms += COIN_M.income_span_ms_max;
    }
    struct question question = expect(&pages, start_ms, -1, "");
    assert_int_equal(income_pages_take(&pages, &question, answer(start_ms, 1, 3, 1), NOW_MS),
                     INCOME_DONE);
    income_pages_end(&pages);
}

static int end_body(void **state)
{
    (void)state;
    text_free(&body);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_page_is_followed_by_one_from_its_last_time_on),
        cmocka_unit_test(rows_need_no_order_within_a_page),
        cmocka_unit_test(a_millisecond_that_fills_a_page_is_asked_for_by_type_and_then_left),
        cmocka_unit_test(a_page_of_many_types_asks_for_no_more_than_the_limit),
        cmocka_unit_test(other_times_than_were_asked_for_lead_nowhere),
        cmocka_unit_test(a_range_ends_where_it_was_to_end),
        cmocka_unit_test(years_are_asked_for_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, end_body);
}
