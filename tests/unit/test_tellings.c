#include "support.h"

#include <stdio.h>
#include <string.h>

#include "store/known.h"
#include "store/verify.h"

/* Takes what came of an endpoint into the transaction; messages may share their time. */
static void append(struct bench *bench, enum endpoint endpoint, int64_t received_ms,
                   const char *body)
{
    struct error error = {0};
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    text_append_string(&bench->capture.body, body);
    bench->capture.endpoint = endpoint;
    bench->capture.received_ms = received_ms;
    bench->capture.has_body = true;
    if (!recorder_append(bench->recorder, RECORD_IMPORT, &bench->capture, &bench->recorded,
                         &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(bench->capture.outcome, OUTCOME_OK);
}

static void record(struct bench *bench, enum endpoint endpoint, int64_t received_ms,
                   const char *body)
{
    struct error error = {0};
    assert_true(recorder_begin(bench->recorder, &error));
    append(bench, endpoint, received_ms, body);
    assert_true(recorder_commit(bench->recorder, &error));
}

static const char *position(const char *amount)
{
    static char text[128];
    snprintf(text, sizeof text, "{\"s\":\"BTCUSD_PERP\",\"ps\":\"BOTH\",\"pa\":\"%s\"}", amount);
    return text;
}

/* An ACCOUNT_UPDATE of T 1. */
static const char *update(const char *reason, const char *balances, const char *positions)
{
    static char text[1024];
    snprintf(
        text, sizeof text,
        "{\"e\":\"ACCOUNT_UPDATE\",\"E\":2,\"T\":1,\"a\":{\"m\":\"%s\",\"B\":[%s],\"P\":[%s]}}",
        reason, balances, positions);
    return text;
}

static void tell(struct bench *bench, int64_t received_ms, const char *reason, const char *balances,
                 const char *positions)
{
    record(bench, ENDPOINT_USER_DATA, received_ms, update(reason, balances, positions));
}

static const char *trade(const char *quantity)
{
    static char text[512];
    snprintf(text, sizeof text,
             "{\"e\":\"ORDER_TRADE_UPDATE\",\"E\":2,\"T\":1,\"o\":{\"s\":\"BTCUSD_PERP\",\"ps\":"
             "\"BOTH\",\"x\":\"TRADE\",\"t\":7,\"T\":1,\"l\":\"%s\"}}",
             quantity);
    return text;
}

static void tell_trade(struct bench *bench, int64_t received_ms, const char *quantity)
{
    record(bench, ENDPOINT_USER_DATA, received_ms, trade(quantity));
}

/* An answer with trades of one id. */
static void list_trades(struct bench *bench, int64_t received_ms, int count,
                        const char *const *quantities)
{
    struct text body = {0};
    for (int i = 0; i < count; i++) {
        text_printf(&body,
                    "%s{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\",\"id\":7,\"time\":1,"
                    "\"qty\":\"%s\"}",
                    i == 0 ? "[" : ",", quantities[i]);
    }
    text_append_char(&body, ']');
    record(bench, ENDPOINT_USER_TRADES, received_ms, text_string(&body));
    text_free(&body);
}

static void assert_text(struct bench *bench, const char *sql, const char *expected)
{
    assert_string_equal(bench_text(bench, sql), expected);
}

static void amounts_of_one_millisecond_all_stand_and_the_last_is_last(void **state)
{
    struct bench *bench = *state;
    tell(bench, 10, "ORDER", "", position("4"));
    tell(bench, 10, "ORDER", "", position("5"));
    tell(bench, 11, "ORDER", "", position("4"));
    assert_text(bench,
                "SELECT group_concat(CAST(position_amount AS INTEGER)) FROM (SELECT "
                "position_amount FROM timeline_change ORDER BY time_ms, capture_id)",
                "4,5,4");
    assert_text(bench, "SELECT group_concat(capture_id) FROM account_update", "1,2,3");
    bench_assert_sound(bench);
}

static void each_of_two_messages_of_one_millisecond_has_its_reason(void **state)
{
    struct bench *bench = *state;
    tell(bench, 10, "ORDER", "", position("4"));
    tell(bench, 10, "ORDER", "", position("5"));
    tell(bench, 10, "FUNDING_FEE", "{\"a\":\"BTC\",\"wb\":\"1\"}", "");
    tell(bench, 10, "ORDER", "", position("6"));
    assert_text(bench,
                "SELECT group_concat(reason || CAST(position_amount AS INTEGER)) FROM "
                "account_update_history",
                "ORDER4,ORDER5,ORDER6");
    bench_assert_sound(bench);
}

static void a_message_is_a_double_as_a_whole_or_not_at_all(void **state)
{
    struct bench *bench = *state;
    tell(bench, 10, "ORDER", "{\"a\":\"BTC\",\"wb\":\"1\"}", position("4"));
    tell(bench, 11, "ORDER", "{\"a\":\"BTC\",\"wb\":\"1\"}", position("4"));
    assert_text(bench, "SELECT group_concat(capture_id) FROM account_update", "1");
    tell(bench, 12, "ORDER", "{\"a\":\"BTC\",\"wb\":\"1\"}", position("5"));
    assert_text(bench, "SELECT group_concat(capture_id) FROM account_update", "1,3");
    assert_text(bench, "SELECT group_concat(capture_id) FROM balance_update", "1,3");
    assert_text(bench, "SELECT group_concat(capture_id) FROM position_update", "1,3");
    bench_reopen(bench);
    tell(bench, 13, "ORDER", "{\"a\":\"BTC\",\"wb\":\"1\"}", position("5"));
    assert_int_equal(bench_integer(bench, "SELECT max(capture_id) FROM account_update"), 3);
    bench_assert_sound(bench);
}

static void of_a_thing_that_a_message_names_twice_the_last_stands(void **state)
{
    struct bench *bench = *state;
    char both[256];
    snprintf(both, sizeof both, "%s,", position("4"));
    strcat(both, position("5"));
    tell(bench, 10, "ORDER", "{\"a\":\"BTC\",\"wb\":\"1\"},{\"a\":\"BTC\",\"wb\":\"2\"}", both);
    assert_text(bench, "SELECT group_concat(position_amount_e8 / 100000000) FROM position_update",
                "5");
    assert_text(bench, "SELECT group_concat(wallet_balance_e8 / 100000000) FROM balance_update",
                "2");
    bench_assert_sound(bench);
}

static void a_trade_is_as_each_witness_told_it_last(void **state)
{
    struct bench *bench = *state;
    tell_trade(bench, 10, "10");
    tell_trade(bench, 11, "11");
    tell_trade(bench, 12, "11");
    tell_trade(bench, 13, "10");
    assert_text(bench,
                "SELECT group_concat(revision || ':' || CAST(quantity AS INTEGER)) FROM trade_told",
                "2:10");
    list_trades(bench, 14, 3, (const char *const[]){"11", "11", "10"});
    list_trades(bench, 15, 2, (const char *const[]){"10", "11"});
    list_trades(bench, 16, 1, (const char *const[]){"11"});
    assert_text(bench,
                "SELECT group_concat(revision || '@' || capture_id || ':' || (quantity_e8 / "
                "100000000)) FROM trade WHERE source = 'rest'",
                "0@5:11,1@5:10,2@6:11");
    assert_text(bench, "SELECT group_concat(source || difference) FROM trade_history",
                "both qty 11, not 10;");
    tell_trade(bench, 17, "11");
    assert_text(bench, "SELECT group_concat(source || difference) FROM trade_history", "both");
    bench_assert_sound(bench);
}

static void a_page_of_trades_counts_each_once(void **state)
{
    static const char TRADES[] =
        "[{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\",\"id\":7,\"time\":1,\"qty\":\"%d\"}"
        ","
        "{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\",\"id\":8,\"time\":2,\"qty\":\"1\"}]";
    const struct known_page page = {.symbol = "BTCUSD_PERP", .start_ms = 1, .count = 2};
    struct bench *bench = *state;
    struct error error = {0};
    int64_t time_ms, trade_id;
    for (int i = 0; i < 2; i++) {
        char body[512];
        snprintf(body, sizeof body, TRADES, i);
        record(bench, ENDPOINT_USER_TRADES, 10 + i, body);
    }
    struct known *known = known_new(&bench->database, &error);
    assert_non_null(known);
    assert_true(known_page_end(known, "main", &page, &time_ms, &trade_id, &error));
    assert_int_equal(trade_id, 8);
    known_free(known);
}

static void an_income_is_as_it_was_told_last(void **state)
{
    static const char INCOME[] = "[{\"time\":1,\"incomeType\":\"TRANSFER\",\"tranId\":1,"
                                 "\"asset\":\"BTC\",\"symbol\":\"\",\"income\":\"%d\"}]";
    struct bench *bench = *state;
    char body[256];
    for (int i = 0; i < 6; i++) {
        snprintf(body, sizeof body, INCOME, i / 2 % 2);
        record(bench, ENDPOINT_INCOME, 10 + i, body);
    }
    assert_text(bench, "SELECT group_concat(capture_id || ':' || revision) FROM income",
                "1:0,3:1,5:2");
    assert_text(bench, "SELECT group_concat(CAST(income AS INTEGER)) FROM income_history", "0");
    bench_assert_sound(bench);
}

static void positions_whose_update_time_goes_back_are_verified_from_anywhere(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 12; i++) {
        char members[64], body[1024];
        snprintf(members, sizeof members, "\"updateTime\":%d,\"leverage\":\"%d\"", 5 + i % 3,
                 i + 1);
        snprintf(body, sizeof body, "[%s]", element(members));
        bench_record(bench, 10 + i, body);
    }
    assert_text(bench,
                "SELECT group_concat(revision) FROM (SELECT * FROM position ORDER BY capture_id)",
                "0,0,0,1,1,1,2,2,2,3,3,3");
    bench_assert_sound(bench);
}

static int count_work(void *context)
{
    ++*(int *)context;
    return 0;
}

static void the_last_of_many_tellings_is_found_without_a_walk(void **state)
{
    struct bench *bench = *state;
    const struct verify_settings settings = {.from_capture_id = 1};
    struct verify_report report;
    struct error error = {0};
    int thousands = 0;
    sqlite3_progress_handler(bench->database.handle, 1000, count_work, &thousands);
    assert_true(recorder_begin(bench->recorder, &error));
    for (int i = 0; i < 2000; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        append(bench, ENDPOINT_USER_DATA, 10, update("ORDER", "", position(number)));
        append(bench, ENDPOINT_USER_DATA, 10, trade(number));
    }
    assert_true(recorder_commit(bench->recorder, &error));
    assert_true(verify_database(&bench->database, &settings, &report, &error));
    sqlite3_progress_handler(bench->database.handle, 0, NULL, NULL);
    assert_int_equal(report.kind, VERIFY_SOUND);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position_update"), 2000);
    assert_int_equal(bench_integer(bench, "SELECT max(revision) FROM trade"), 1999);
    assert_in_range(thousands, 1, 10000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(amounts_of_one_millisecond_all_stand_and_the_last_is_last),
        TEST(each_of_two_messages_of_one_millisecond_has_its_reason),
        TEST(a_message_is_a_double_as_a_whole_or_not_at_all),
        TEST(of_a_thing_that_a_message_names_twice_the_last_stands),
        TEST(a_trade_is_as_each_witness_told_it_last),
        TEST(a_page_of_trades_counts_each_once),
        TEST(an_income_is_as_it_was_told_last),
        TEST(positions_whose_update_time_goes_back_are_verified_from_anywhere),
        TEST(the_last_of_many_tellings_is_found_without_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
