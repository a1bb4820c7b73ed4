/* The answers about money, read into rows, and what makes a row of their series. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "model/money_answer.h"
#include "model/row_kinds.h"

#define INCOME(members)                                                                            \
    "{\"symbol\":\"BTCUSD_PERP\",\"incomeType\":\"COMMISSION\",\"income\":\"-0.01\",\"asset\":"    \
    "\"BTC\","                                                                                     \
    "\"info\":\"\",\"time\":1570636800000,\"tranId\":9689322392,\"tradeId\":\"2059192\"" members   \
    "}"

#define ASSETS(members) "{\"assets\":[" members "],\"positions\":[]}"
#define BTC(wallet, more)                                                                          \
    "{\"asset\":\"BTC\",\"walletBalance\":\"" wallet "\",\"updateTime\":5" more "}"

static void record(struct bench *bench, enum endpoint endpoint, int64_t received_ms,
                   const char *body)
{
    struct error error = {0};
    struct capture *capture = &bench->capture;
    capture_clear(capture);
    text_append_string(&capture->account, "main");
    capture->endpoint = endpoint;
    capture->received_ms = received_ms;
    capture->has_body = true;
    text_append_string(&capture->body, body);
    capture_judge(capture);
    if (!recorder_record(bench->recorder, RECORD_IMPORT, capture, &bench->recorded, &error)) {
        fail_msg("%s", error.text);
    }
}

static void an_income_is_written_once_and_again_only_when_it_is_told_otherwise(void **state)
{
    struct bench *bench = *state;
    record(bench, ENDPOINT_INCOME, 1, "[" INCOME("") "]");
    record(bench, ENDPOINT_INCOME, 2, "[" INCOME("") "," INCOME("") "]");
    assert_int_equal(bench->recorded.row_count, 2);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM income"), 1);
    assert_string_equal(
        bench_text(bench, "SELECT tran_id || ' ' || trade_id || ' ' || income_e8 FROM income"),
        "9689322392 2059192 -1000000");
    record(bench, ENDPOINT_INCOME, 3,
           "[" INCOME(",\"rate\":1") "]"); /* a new field says nothing else */
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM income"), 1);
    record(bench, ENDPOINT_INCOME, 4,
           "[{\"incomeType\":\"COMMISSION\",\"income\":\"-0.02\",\"asset\":\"BTC\",\"time\":"
           "1570636800000,"
           "\"symbol\":\"BTCUSD_PERP\",\"tranId\":\"9689322392\",\"tradeId\":\"2059192\",\"info\":"
           "\"\"}]");
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(revision || ':' || capture_id) FROM income"),
        "0:1,1:4");
}

/* A name of `size` letters in its quotes, valid until the next call. */
static const char *name_of(size_t size)
{
    static char text[8192];
    memset(text, 'A', size);
    text[size] = '\0';
    return text;
}

static void names_are_of_63_bytes_at_most(void **state)
{
    static const struct {
        enum endpoint endpoint;
        const char *before, *after;
    } NAMES[] = {
        {ENDPOINT_INCOME,
         "[{\"incomeType\":\"X\",\"income\":\"1\",\"asset\":\"BTC\",\"time\":1,\"tranId\":1,"
         "\"symbol\":\"",
         "\"}]"},
        {ENDPOINT_INCOME,
         "[{\"symbol\":\"\",\"income\":\"1\",\"asset\":\"BTC\",\"time\":1,\"tranId\":1,"
         "\"incomeType\":\"",
         "\"}]"},
        {ENDPOINT_INCOME,
         "[{\"symbol\":\"\",\"income\":\"1\",\"incomeType\":\"X\",\"time\":1,\"tranId\":1,"
         "\"asset\":\"",
         "\"}]"},
        {ENDPOINT_INCOME,
         "[{\"symbol\":\"\",\"income\":\"1\",\"incomeType\":\"X\",\"asset\":\"B\",\"time\":1,"
         "\"tranId\":\"",
         "\"}]"},
        {ENDPOINT_USER_TRADES, "[{\"id\":1,\"positionSide\":\"BOTH\",\"time\":1,\"symbol\":\"",
         "\"}]"},
        {ENDPOINT_USER_TRADES, "[{\"id\":1,\"symbol\":\"X\",\"time\":1,\"positionSide\":\"",
         "\"}]"},
        {ENDPOINT_USER_TRADES, "[{\"symbol\":\"X\",\"positionSide\":\"BOTH\",\"time\":1,\"id\":\"",
         "\"}]"},
        {ENDPOINT_PREMIUM_INDEX, "[{\"time\":1,\"symbol\":\"", "\"}]"},
        {ENDPOINT_FUNDING_RATE, "[{\"fundingTime\":1,\"symbol\":\"", "\"}]"},
        {ENDPOINT_POSITION_RISK, "[{\"positionSide\":\"BOTH\",\"updateTime\":1,\"symbol\":\"",
         "\"}]"},
        {ENDPOINT_ACCOUNT, "{\"positions\":[],\"assets\":[{\"asset\":\"", "\"}]}"},
        {ENDPOINT_EXCHANGE_INFO, "{\"symbols\":[{\"symbol\":\"", "\"}]}"},
        {ENDPOINT_USER_DATA,
         "{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":1,\"T\":1,\"ac\":{\"l\":1,\"s\":\"", "\"}}"},
        {ENDPOINT_USER_DATA, "{\"e\":\"ACCOUNT_UPDATE\",\"E\":1,\"T\":1,\"a\":{\"B\":[{\"a\":\"",
         "\"}]}}"},
    };
    struct bench *bench = *state;
    int64_t time_ms = 1;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        for (size_t size = 63; size <= 5000; size = size == 63 ? 64 : size == 64 ? 5000 : 5001) {
            struct text body = {0};
            text_printf(&body, "%s%s%s", NAMES[i].before, name_of(size), NAMES[i].after);
            record(bench, NAMES[i].endpoint, time_ms++, text_string(&body));
            assert_int_equal(bench->capture.outcome, size == 63 ? OUTCOME_OK : OUTCOME_UNREADABLE);
            text_free(&body);
        }
    }
}

#define MARK(time, price, rate)                                                                    \
    "{\"symbol\":\"BTCUSD_PERP\",\"pair\":\"BTCUSD\",\"markPrice\":" price                         \
    ",\"indexPrice\":\"2\","                                                                       \
    "\"lastFundingRate\":" rate ",\"nextFundingTime\":0,\"time\":" time "}"

/* Each price once, as it was told; another word of the same moment beside it. */
static void prices_are_facts_of_the_exchanges_times(void **state)
{
    struct bench *bench = *state;
    const struct {
        const char *body;
        enum outcome outcome;
        const char *detail, *rows;
    } ANSWERS[] = {
        {"[" MARK("7", "\"1.5\"", "\"0.0001\"") "]", OUTCOME_OK, "", "7:150000000:10000"},
        {"[" MARK("7", "\"1.5\"", "\"0.0001\"") "]", OUTCOME_OK, "", "7:150000000:10000"},
        {"[" MARK("7", "\"1.6\"", "\"\"") "]", OUTCOME_OK, "", "7:150000000:10000,7:160000000:-"},
        {"[" MARK("8", "\"\"", "\"0.0001\"") "]", OUTCOME_OK,
         "element 0: field markPrice: not a number: \"\"",
         "7:150000000:10000,7:160000000:-,8:-:10000"},
        {"[" MARK("\"\"", "\"1\"", "\"1\"") "]", OUTCOME_UNREADABLE,
         "element 0: field time: not a number: \"\"", "7:150000000:10000,7:160000000:-,8:-:10000"},
        {"{\"symbol\":\"BTCUSD_PERP\"}", OUTCOME_UNREADABLE, "element 0: field time: missing",
         "7:150000000:10000,7:160000000:-,8:-:10000"},
        {"\"BTCUSD_PERP\"", OUTCOME_UNREADABLE, "not a JSON array at byte 0 of 13",
         "7:150000000:10000,7:160000000:-,8:-:10000"},
        {" " MARK("9", "\"2\"", "\"\"") "x", OUTCOME_UNREADABLE, "element 0: not a JSON object",
         "7:150000000:10000,7:160000000:-,8:-:10000"},
        {" " MARK("9", "\"2\"", "\"\"") "\n", OUTCOME_OK, "", /* one is like a list of one */
         "7:150000000:10000,7:160000000:-,8:-:10000,9:200000000:-"},
    };
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        record(bench, ENDPOINT_PREMIUM_INDEX, (int64_t)i + 1, ANSWERS[i].body);
        assert_int_equal(bench->capture.outcome, ANSWERS[i].outcome);
        assert_string_equal(text_string(&bench->capture.detail), ANSWERS[i].detail);
        assert_string_equal(
            bench_text(bench, "SELECT group_concat(told) FROM (SELECT time_ms || ':' || "
                              "ifnull(mark_price_e8, '-') || ':' || ifnull(funding_rate_e8, '-') "
                              "AS told FROM mark ORDER BY time_ms, capture_id)"),
            ANSWERS[i].rows);
    }
}

static void one_body_that_tells_the_same_thing_in_two_ways_keeps_both(void **state)
{
    struct bench *bench = *state;
    char body[2048];
    snprintf(body, sizeof body, "[%s,%s]", INCOME(""), INCOME(""));
    char *second = strstr(strstr(body, "-0.01") + 1, "-0.01");
    memcpy(second, "-0.09", 5);
    record(bench, ENDPOINT_INCOME, 1, body);
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(revision || ':' || income_e8) FROM income"),
        "0:-1000000,1:-9000000");
}

static void where_there_is_no_symbol_or_trade_it_is_empty_not_null(void **state)
{
    struct bench *bench = *state;
    record(bench, ENDPOINT_INCOME, 1,
           "[{\"incomeType\":\"TRANSFER\",\"income\":\"1\",\"asset\":\"BTC\",\"time\":7,\"tranId\":"
           "1,\"tradeId\":null}]");
    assert_int_equal(
        bench_integer(bench, "SELECT symbol = '' AND trade_id = '' AND info IS NULL FROM income"),
        1);
    record(bench, ENDPOINT_INCOME, 2,
           "[{\"incomeType\":\"TRANSFER\",\"income\":\"1\",\"asset\":\"BTC\",\"tranId\":1}]");
    assert_string_equal(
        bench_text(bench, "SELECT outcome || ': ' || detail FROM capture WHERE capture_id = 2"),
        "unreadable: element 0: field time: missing");
}

static void a_trade_has_one_row_for_each_witness(void **state)
{
    struct bench *bench = *state;
    record(bench, ENDPOINT_USER_TRADES, 1,
           "[{\"symbol\":\"BTCUSD_200626\",\"id\":6,\"orderId\":28,\"pair\":\"BTCUSD\",\"side\":"
           "\"SELL\",\"price\":\"8800\","
           "\"qty\":\"1\",\"realizedPnl\":\"0\",\"marginAsset\":\"BTC\",\"baseQty\":\"0.01136364\","
           "\"quoteQty\":\"100\","
           "\"commission\":\"0.00000454\",\"commissionAsset\":\"BTC\",\"time\":1590743483586,"
           "\"positionSide\":\"BOTH\","
           "\"buyer\":false,\"maker\":false}]");
    record(bench, ENDPOINT_USER_DATA, 2,
           "{\"e\":\"ORDER_TRADE_UPDATE\",\"E\":1590743483587,\"T\":1590743483586,\"o\":{\"s\":"
           "\"BTCUSD_200626\","
           "\"S\":\"SELL\",\"x\":\"TRADE\",\"i\":28,\"l\":\"1\",\"L\":\"8800\",\"n\":\"0."
           "00000454\",\"N\":\"BTC\","
           "\"T\":1590743483586,\"t\":6,\"rp\":\"0\",\"m\":false,\"ps\":\"BOTH\"}}");
    assert_string_equal(
        bench_text(
            bench,
            "SELECT group_concat(source || ' ' || quantity_e8 || ' ' || order_id) FROM trade"),
        "rest 100000000 28,stream 100000000 28");
    assert_string_equal(
        bench_text(bench,
                   "SELECT source || difference || base_quantity || execution FROM trade_history"),
        "both0.01136364TRADE");
}

static void a_balance_is_written_while_there_is_any_and_else_when_it_differs(void **state)
{
    struct bench *bench = *state;
    record(bench, ENDPOINT_ACCOUNT, 1, ASSETS(BTC("0", "")));
    record(bench, ENDPOINT_ACCOUNT, 2, ASSETS(BTC("0", "")));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM balance"), 1);
    record(bench, ENDPOINT_ACCOUNT, 3, ASSETS(BTC("2", "")));
    record(bench, ENDPOINT_ACCOUNT, 4, ASSETS(BTC("2", "")));
    bench_reopen(bench); /* a new process knows what was said last */
    record(bench, ENDPOINT_ACCOUNT, 5, ASSETS(BTC("0", "")));
    record(bench, ENDPOINT_ACCOUNT, 6, ASSETS(BTC("0", "")));
    record(bench, ENDPOINT_ACCOUNT, 7, ASSETS(BTC("0", ",\"new\":1")));
    record(bench, ENDPOINT_ACCOUNT, 8, ASSETS(BTC("0", ",\"new\":2")));
    record(bench, ENDPOINT_ACCOUNT, 9, ASSETS(""));
    record(bench, ENDPOINT_ACCOUNT, 10, ASSETS(""));
    assert_string_equal(bench_text(bench, "SELECT group_concat(time_ms || ':' || "
                                          "ifnull(wallet_balance_e8, 'gone')) FROM balance"),
                        "1:0,3:200000000,4:200000000,5:0,7:0,9:gone");
}

static void an_account_answer_is_taken_whole_or_not_at_all(void **state)
{
    static const char *const BAD[] = {
        "{\"assets\":[]}",
        "{\"assets\":[],\"positions\":{}}",
        "{\"assets\":[" BTC("1", ",\"new\":01") "],\"positions\":[]}",
        "{\"assets\":[" BTC("1", "") "," BTC("1", "") "],\"positions\":[]}",
        "{\"assets\":[" BTC("1", "") "],\"positions\":[{\"symbol\":\"A\"}]}",
        "{\"assets\":[" BTC("1", "") "],\"positions\":[],\"feeTier\":01}",
        "{\"assets\":[],\"positions\":[{\"symbol\",1}],\"positions\":[]}",
        "{\"assets\":[],\"assets\":[],\"positions\":[]}",
        "{\"assets\":[],\"positions\":[],\"\\x\":1}",
    };
    struct bench *bench = *state;
    record(bench, ENDPOINT_ACCOUNT, 1, ASSETS(BTC("3", "")));
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        record(bench, ENDPOINT_ACCOUNT, 10 + (int64_t)i, BAD[i]);
        assert_int_equal(bench->capture.outcome, OUTCOME_UNREADABLE);
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM balance"), 1);
    record(bench, ENDPOINT_ACCOUNT, 30, ASSETS(BTC("1", "")));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM balance"), 2);
}

static void a_margin_is_written_while_its_leg_is_open(void **state)
{
#define LEG(amount, margin)                                                                        \
    "{\"assets\":[],\"positions\":[{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\","         \
    "\"positionAmt\":\"" amount "\",\"maintMargin\":\"" margin "\",\"updateTime\":1}]}"
    struct bench *bench = *state;
    record(bench, ENDPOINT_ACCOUNT, 1, LEG("0", "0"));
    record(bench, ENDPOINT_ACCOUNT, 2, LEG("0", "0"));
    record(bench, ENDPOINT_ACCOUNT, 3, LEG("-2", "0.5"));
    record(bench, ENDPOINT_ACCOUNT, 4, LEG("-2", "0.5"));
    record(bench, ENDPOINT_ACCOUNT, 5, LEG("0", "0.5"));
    record(bench, ENDPOINT_ACCOUNT, 6, LEG("0", "0"));
    assert_string_equal(
        bench_text(bench,
                   "SELECT group_concat(time_ms || ':' || maintenance_margin_e8) FROM leg_margin"),
        "1:0,3:50000000,4:50000000,6:0");
}

/* The outcome and detail of the capture recorded last. */
static void assert_ok_with(const struct bench *bench, const char *detail)
{
    assert_int_equal(bench->capture.outcome, OUTCOME_OK);
    assert_string_equal(text_string(&bench->capture.detail), detail);
}

static void an_odd_field_of_money_costs_itself(void **state)
{
    static const char ACCOUNT[] =
        "{\"positions\":[{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\",\"positionAmt\":"
        "\"many\",\"maintMargin\":\"0\"}],\"assets\":[" BTC("x", ",\"updateTme\":0") "]}";
    struct bench *bench = *state;
    record(bench, ENDPOINT_ACCOUNT, 1, ACCOUNT);
    assert_ok_with(bench, "leg_margin: element 0: field positionAmt: not a number: \"many\" "
                          "(and 1 more)");
    assert_string_equal(bench_text(bench, "SELECT format('%s %s', wallet_balance_e8, extra) FROM "
                                          "balance"),
                        " {\"walletBalance\":\"x\",\"updateTme\":0}");
    record(bench, ENDPOINT_ACCOUNT, 2, ACCOUNT);
    assert_ok_with(bench, "leg_margin: element 0: field positionAmt: not a number: \"many\" "
                          "(and 1 more)");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM leg_margin WHERE extra = "
                                          "'{\"positionAmt\":\"many\"}'"),
                     2); /* such an amount is not 0, nor is such a balance */
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM balance"), 2);
    record(bench, ENDPOINT_INCOME, 3,
           "[" INCOME("") ",{\"symbol\":\"X\",\"incomeType\":\"T\",\"income\":\"1e20\",\"asset\":"
                          "\"BTC\",\"time\":5,\"tranId\":1,\"tradeId\":{},\"info\":5}]");
    assert_ok_with(bench, "element 1: field income: out of range: \"1e20\" (and 2 more)");
    assert_string_equal(
        bench_text(bench, "SELECT format('%s|%s|%s|%s', income_e8, trade_id, info, extra) FROM "
                          "income WHERE time_ms = 5"),
        "|||{\"income\":\"1e20\",\"tradeId\":{},\"info\":5}");
    record(bench, ENDPOINT_USER_TRADES, 4,
           "[{\"symbol\":\"BTCUSD_PERP\",\"id\":6,\"time\":7,\"positionSide\":\"BOTH\",\"price\":"
           "\"dear\",\"qty\":\"1\",\"maker\":\"no\"}]");
    assert_ok_with(bench, "element 0: field price: not a number: \"dear\" (and 1 more)");
    assert_string_equal(
        bench_text(bench, "SELECT format('%s|%s|%s', price_e8, quantity_e8, maker) FROM trade"),
        "|100000000|");
    record(bench, ENDPOINT_INCOME, 5, "[" INCOME(",\"new\":01") "]");
    assert_string_equal(text_string(&bench->capture.detail), "not JSON");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_income_is_written_once_and_again_only_when_it_is_told_otherwise),
        TEST(names_are_of_63_bytes_at_most),
        TEST(prices_are_facts_of_the_exchanges_times),
        TEST(one_body_that_tells_the_same_thing_in_two_ways_keeps_both),
        TEST(where_there_is_no_symbol_or_trade_it_is_empty_not_null),
        TEST(a_trade_has_one_row_for_each_witness),
        TEST(a_balance_is_written_while_there_is_any_and_else_when_it_differs),
        TEST(an_account_answer_is_taken_whole_or_not_at_all),
        TEST(a_margin_is_written_while_its_leg_is_open),
        TEST(an_odd_field_of_money_costs_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
