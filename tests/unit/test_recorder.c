#include "support.h"

#include <stdio.h>
#include <string.h>

static char body[65536];

/* A body of the given elements. */
static const char *list(const char *first, const char *second)
{
    snprintf(body, sizeof body, "[%s%s%s]", first, second[0] != '\0' ? ",\n " : "", second);
    return body;
}

static const char *list_of(const char *members)
{
    return list(element(members), "");
}

static void a_first_response_makes_legs_positions_and_valuations(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1000, list_of(""));
    assert_int_equal(bench->recorded.capture_id, 1);
    assert_int_equal(bench->recorded.row_count, 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM leg"), 1);
    assert_int_equal(bench_integer(bench, "SELECT entry_price_e8 FROM position"), 1170770000003);
    assert_int_equal(bench_integer(bench, "SELECT time_ms FROM valuation"), 1000);
    assert_string_equal(bench_text(bench, "SELECT pair || margin_asset || source FROM contract"),
                        "BTCUSDBTCderived");
    assert_int_equal(bench_integer(bench, "SELECT contract_size_e8 FROM contract"), 10000000000);
}

static void an_unchanged_flat_leg_writes_no_rows(void **state)
{
    struct bench *bench = *state;
    for (int i = 1; i <= 1000; i++) {
        bench_record(bench, i, list_of("\"positionAmt\":\"0\""));
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture"), 1000);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM payload"), 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation"), 1);
}

static void an_unchanged_open_leg_is_valued_at_every_poll(void **state)
{
    struct bench *bench = *state;
    for (int i = 1; i <= 5; i++) {
        bench_record(bench, i, list_of(""));
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation"), 5);
}

static void a_flat_leg_is_valued_when_a_value_differs(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1, list_of("\"positionAmt\":\"0\",\"markPrice\":\"1\""));
    bench_record(bench, 2, list_of("\"positionAmt\":\"0\",\"markPrice\":\"1.0\""));
    bench_record(bench, 3, list_of("\"positionAmt\":\"0\",\"markPrice\":\"2\""));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation"), 2);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
}

static void changed_content_under_the_same_update_time_is_a_revision(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1, list_of("\"leverage\":\"20\""));
    bench_record(bench, 2, list_of("\"leverage\":\"50\""));
    bench_record(bench, 3, list_of("\"leverage\":\"20\""));
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(revision || ':' || leverage) FROM position"),
        "0:20,1:50,2:20");
}

static void an_update_time_that_goes_back_takes_the_next_free_revision(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1, list_of("\"updateTime\":5"));
    bench_record(bench, 2, list_of("\"updateTime\":9"));
    bench_record(bench, 3, list_of("\"updateTime\":5"));
    bench_record(bench, 4, list_of("\"updateTime\":7"));
    bench_record(bench, 5, list_of("\"updateTime\":5,\"leverage\":\"3\""));
    assert_string_equal(bench_text(bench, "SELECT group_concat(update_ms || '.' || revision) FROM "
                                          "(SELECT * FROM position ORDER BY capture_id)"),
                        "5.0,9.0,5.1,7.0,5.2");
    assert_string_equal(bench_text(bench, "SELECT group_concat(update_ms || '.' || revision) FROM "
                                          "(SELECT * FROM valuation ORDER BY time_ms)"),
                        "5.0,9.0,5.1,7.0,5.2");
}

static void a_leg_that_vanishes_and_returns_says_so(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1, list_of(""));
    bench_record(bench, 2, "[]");
    bench_record(bench, 3, "[]");
    bench_record(bench, 4, list_of(""));
    assert_string_equal(bench_text(bench,
                                   "SELECT group_concat(capture_id || ':' || present || ':' || "
                                   "revision) FROM position"),
                        "1:1:0,2:0:1,4:1:2");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position WHERE present = 0 AND "
                                          "position_amount_e8 IS NULL AND margin_type IS NULL"),
                     1);
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(change) FROM (SELECT change FROM position_change "
                          "ORDER BY first_seen_ms)"),
        "open,vanish,return");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position_now"), 1);
}

static void a_filtered_request_says_nothing_of_other_legs(void **state)
{
    struct bench *bench = *state;
    struct error error;
    char both[8192];
    snprintf(both, sizeof both, "[%s,", element("\"symbol\":\"ETHUSD_PERP\""));
    strcat(both, element(""));
    strcat(both, "]");
    bench_record(bench, 1, both);
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    text_append_string(&bench->capture.request,
                       "/dapi/v1/positionRisk?marginAsset=BTC&recvWindow=5000");
    text_append_string(&bench->capture.body, "[]");
    bench->capture.has_body = true;
    bench->capture.received_ms = 2;
    capture_judge(&bench->capture);
    assert_true(
        recorder_record(bench->recorder, RECORD_IMPORT, &bench->capture, &bench->recorded, &error));
    assert_string_equal(bench_text(bench, "SELECT group_concat(symbol) FROM position JOIN leg "
                                          "USING (leg_id) JOIN contract USING (contract_id) "
                                          "WHERE present = 0"),
                        "BTCUSD_PERP");
}

static void an_unreadable_body_is_kept_and_makes_no_rows(void **state)
{
    static const char *const BODIES[][2] = {
        {"not json", "not a JSON array"},
        {"{\"code\":0}", "not a JSON array"},
        {"[{\"symbol\":\"X\"", "byte"},
        {"[1]", "element 0: not a JSON object"},
        {"[]]", "byte 2"},
        {"", "not a JSON array"},
        {"\xff\xfe", "not UTF-8"},
    };
    static const char *const MEMBERS[] = {
        "\"new\":01",         "\"leverage\":01",       "\"new\":nope", "\"new\":\0011",
        "\"new\":{\"a\":1.}", "\"new\":[\"\\uZZZZ\"]", "\"n\\e\":1",   "\"marginType\":\"\\ud800\"",
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        bench_record(bench, (int64_t)i + 1, BODIES[i][0]);
        assert_int_equal(bench->capture.outcome, OUTCOME_UNREADABLE);
        assert_non_null(strstr(text_string(&bench->capture.detail), BODIES[i][1]));
    }
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        bench_record(bench, (int64_t)i + 100, list_of(MEMBERS[i]));
        assert_string_equal(text_string(&bench->capture.detail), "element 0: not JSON");
    }
    bench_record(bench, 200, list_of("\"updateTime\":\"abc\""));
    assert_string_equal(text_string(&bench->capture.detail),
                        "element 0: field updateTime: not a number: \"abc\"");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture WHERE outcome <> "
                                          "'unreadable'"),
                     0);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 0);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM leg"), 0);
    assert_int_equal(bench_integer(bench, "SELECT sum(row_count) FROM capture"), 0);
}

/* Two legs: one good, and one of these members. */
static const char *two_legs(const char *mark, const char *members)
{
    static char both[8192];
    char good[128];
    snprintf(good, sizeof good, "\"symbol\":\"ETHUSD_PERP\",\"markPrice\":\"%s\"", mark);
    size_t size = (size_t)snprintf(both, sizeof both, "[%s,", element(good));
    snprintf(both + size, sizeof both - size, "%s]", element(members));
    return both;
}

static void an_odd_field_costs_itself_and_each_answer_that_has_it_says_so(void **state)
{
    static const char *const ODD = "\"maxQty\":\"1e30\",\"marginType\":[1],\"leverage\":\"x\"";
    struct bench *bench = *state;
    bench_record(bench, 1, two_legs("1", ""));
    bench_record(bench, 2, two_legs("2", ODD));
    assert_int_equal(bench->recorded.row_count, 2);
    bench_record(bench, 3, two_legs("3", ODD)); /* the same bytes of that leg */
    bench_reopen(bench);
    bench_record(bench, 4, two_legs("4", ODD));
    bench_record(bench, 5, two_legs("5", ""));
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(outcome || ' ' || ifnull(detail, '-'), '; ') "
                          "FROM (SELECT * FROM capture ORDER BY capture_id)"),
        "ok -; ok element 1: field maxQty: out of range: \"1e30\" (and 2 more); "
        "ok element 1: field maxQty: out of range: \"1e30\" (and 2 more); "
        "ok element 1: field maxQty: out of range: \"1e30\" (and 2 more); ok -");
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(format('%d %s %s %s %s', capture_id, "
                          "position_amount_e8, max_quantity_e8, margin_type, extra), '; ') "
                          "FROM (SELECT * FROM position WHERE leg_id = 2 ORDER BY capture_id)"),
        "1 100000000 5000000000 cross ; 2 100000000   "
        "{\"maxQty\":\"1e30\",\"marginType\":[1],\"leverage\":\"x\"}; "
        "5 100000000 5000000000 cross ");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation"), 10);
}

static void an_amount_that_cannot_be_read_is_not_flat(void **state)
{
    struct bench *bench = *state;
    for (int i = 1; i <= 3; i++) {
        bench_record(bench, i, two_legs("1", "\"positionAmt\":\"many\""));
    }
    bench_reopen(bench);
    bench_record(bench, 4, two_legs("1", "\"positionAmt\":\"many\""));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation WHERE leg_id = 2"), 4);
    bench_record(bench, 5, two_legs("1", "\"positionAmt\":\"0\""));
    bench_record(bench, 6, two_legs("1", "\"positionAmt\":\"0\""));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM valuation WHERE leg_id = 2"), 5);
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(ifnull(change, '?') || ifnull(amount_change, '?')) "
                          "FROM position_change WHERE leg_id = 2"),
        "??,??");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM pnl_history JOIN margin_history "
                                          "USING (account, symbol, time_ms) WHERE "
                                          "position_amount IS NULL AND initial_margin IS NULL"),
                     4);
}

static void an_odd_field_of_exchange_info_costs_the_size(void **state)
{
    struct bench *bench = *state;
    struct error error;
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    bench->capture.endpoint = ENDPOINT_EXCHANGE_INFO;
    bench->capture.received_ms = 1;
    bench->capture.has_body = true;
    text_append_string(&bench->capture.body,
                       "{\"symbols\":[{\"symbol\":\"ETHUSD_PERP\",\"contractSize\":10},"
                       "{\"contractSize\":\"1e99\",\"pair\":\"\",\"symbol\":\"BTCUSD_PERP\","
                       "\"marginAsset\":null,\"contractType\":7,\"deliveryDate\":1.5}]}");
    capture_judge(&bench->capture);
    assert_true(
        recorder_record(bench->recorder, RECORD_IMPORT, &bench->capture, &bench->recorded, &error));
    assert_string_equal(text_string(&bench->capture.detail),
                        "symbols, element 1: field contractSize: out of range: \"1e99\" "
                        "(and 2 more)");
    assert_int_equal(bench->capture.outcome, OUTCOME_OK);
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(format('%s %s %s %s %s %s', symbol, pair, "
                          "margin_asset, contract_type, delivery_ms, contract_size_e8), '; ') "
                          "FROM contract"),
        "ETHUSD_PERP ETHUSD ETH PERPETUAL  1000000000; BTCUSD_PERP BTCUSD BTC   ");
}

static void a_leg_that_is_there_twice_is_unreadable_and_changes_nothing(void **state)
{
    struct bench *bench = *state;
    char twice[8192];
    bench_record(bench, 1, list_of(""));
    snprintf(twice, sizeof twice, "[%s,", element("\"leverage\":\"3\""));
    strcat(twice, element("\"leverage\":\"4\""));
    strcat(twice, "]");
    bench_record(bench, 2, twice);
    assert_string_equal(bench_text(bench, "SELECT outcome FROM capture WHERE capture_id = 2"),
                        "unreadable");
    bench_record(bench, 3, list_of(""));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
}

static void a_moving_unknown_number_makes_no_position_rows(void **state)
{
    struct bench *bench = *state;
    for (int i = 1; i <= 20; i++) {
        char members[64];
        snprintf(members, sizeof members, "\"positionAmt\":\"0\",\"adlQuantile\":%d", i);
        bench_record(bench, i, list_of(members));
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
    bench_record(bench, 21, list_of("\"positionAmt\":\"0\",\"adlQuantile\":1,\"new\":[1,2]"));
    bench_record(bench, 22,
                 list_of("\"positionAmt\":\"0\",\"adlQuantile\":9,\"leverage\":1,\"new\":0"));
    assert_string_equal(bench_text(bench, "SELECT group_concat(extra, ' ') FROM position"),
                        "{\"adlQuantile\":1} {\"adlQuantile\":1,\"new\":[1,2]} "
                        "{\"adlQuantile\":9,\"new\":0}");
}

static void a_new_process_goes_on_where_the_last_one_stood(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1, list_of("\"positionAmt\":\"0\",\"odd\":1"));
    bench_reopen(bench);
    bench_record(bench, 2, list_of("\"positionAmt\":\"0\",\"odd\":2"));
    assert_int_equal(bench->recorded.position_count, 0);
    assert_int_equal(bench->recorded.valuation_count, 0);
    bench_reopen(bench);
    bench_record(bench, 3, list_of("\"positionAmt\":\"0\",\"odd\":2,\"leverage\":\"7\""));
    assert_int_equal(bench_integer(bench, "SELECT max(revision) FROM position"), 1);
    bench_reopen(bench);
    bench_record(bench, 4, "[]");
    bench_reopen(bench);
    bench_record(bench, 5, "[]");
    assert_int_equal(bench->recorded.position_count, 0);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM leg"), 1);
}

static void live_times_strictly_increase(void **state)
{
    struct bench *bench = *state;
    struct error error;
    bench_record(bench, 5000, list_of(""));
    bench->capture.received_ms = 4000;
    assert_true(
        recorder_record(bench->recorder, RECORD_LIVE, &bench->capture, &bench->recorded, &error));
    assert_true(bench->recorded.time_moved);
    assert_int_equal(bench->capture.received_ms, 5001);
    assert_int_equal(bench_integer(bench, "SELECT max(received_ms) FROM capture"), 5001);
}

static void importing_the_same_capture_again_adds_nothing(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1000, list_of(""));
    bench_record(bench, 2000, list_of("\"leverage\":3"));
    bench_record(bench, 1000, list_of(""));
    assert_true(bench->recorded.is_duplicate);
    assert_int_equal(bench->recorded.capture_id, 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture"), 2);
}

static void assert_cannot_follow(struct bench *bench, int64_t received_ms, const char *text,
                                 const char *why)
{
    struct error error;
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    text_append_string(&bench->capture.body, text);
    bench->capture.has_body = true;
    bench->capture.received_ms = received_ms;
    capture_judge(&bench->capture);
    assert_false(
        recorder_record(bench->recorder, RECORD_IMPORT, &bench->capture, &bench->recorded, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.text, why));
}

static void history_is_appended_in_order(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1000, list_of(""));
    bench_record(bench, 2000, list_of(""));
    assert_cannot_follow(bench, 1500, "[]", "before its last capture");
    assert_cannot_follow(bench, 1000, "[]", "other bytes");
    bench_record(bench, 3000, list_of(""));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture"), 3);
}

static void times_are_unique_for_each_endpoint_not_over_all(void **state)
{
    struct bench *bench = *state;
    struct error error;
    bench_record(bench, 1000, list_of(""));
    for (int i = 0; i < 2; i++) { /* the second time it is recorded already */
        capture_clear(&bench->capture);
        text_append_string(&bench->capture.account, "main");
        text_append_string(&bench->capture.body, "{\"symbols\":[]}");
        bench->capture.endpoint = ENDPOINT_EXCHANGE_INFO;
        bench->capture.has_body = true;
        bench->capture.received_ms = 1000;
        assert_true(recorder_record(bench->recorder, RECORD_IMPORT, &bench->capture,
                                    &bench->recorded, &error));
        assert_int_equal(bench->recorded.is_duplicate, i);
        assert_int_equal(bench->recorded.capture_id, 2);
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture WHERE received_ms = 1000"),
                     2);
    assert_cannot_follow(bench, 999, "[]", "before its last capture");
}

static void record_failure(struct bench *bench, int64_t received_ms)
{
    struct error error;
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    bench->capture.outcome = OUTCOME_NETWORK_ERROR;
    bench->capture.received_ms = received_ms;
    assert_true(
        recorder_record(bench->recorder, RECORD_LIVE, &bench->capture, &bench->recorded, &error));
}

/* A machine whose clock is hours ahead, and that hears nothing, tells of failures of the future:
 * what is heard later has its own time all the same. */
static void a_failure_of_the_future_holds_up_nothing(void **state)
{
    const int64_t hour_ms = 3600000;
    struct bench *bench = *state;
    bench_record(bench, 1000, list_of(""));
    record_failure(bench, 9 * hour_ms + 5);
    record_failure(bench, 9 * hour_ms + 5); /* each is its own */
    bench_reopen(bench);
    bench_record(bench, 2000, list_of("\"positionAmt\":\"1\""));
    assert_string_equal(bench_text(bench, "SELECT group_concat(received_ms) FROM (SELECT * FROM "
                                          "capture ORDER BY capture_id)"),
                        "1000,32400005,32400006,2000");
    for (int hour = 1; hour <= 11; hour++) {
        bench_record(bench, hour * hour_ms + 7, list_of("\"positionAmt\":\"1\""));
        assert_false(bench->recorded.time_moved);
        assert_int_equal(bench->capture.received_ms, hour * hour_ms + 7);
    }
    assert_string_equal(
        bench_text(bench, "SELECT group_concat(ok || ' ' || failed) FROM poll_hour"),
        "2 0,1 0,1 0,1 0,1 0,1 0,1 0,1 0,1 0,1 2,1 0");
    bench_assert_sound(bench);
}

static void what_another_connection_wrote_is_taken_into_account(void **state)
{
    struct bench *bench = *state;
    struct error error;
    bench_record(bench, 1, list_of("\"positionAmt\":\"0\""));
    struct bench other = {.database = {0}};
    assert_true(database_open(bench->path, DATABASE_WRITE, &other.database, &error));
    other.recorder = recorder_new(&other.database, true, &error);
    bench_record(&other, 2, list_of("\"positionAmt\":\"0\",\"leverage\":\"9\""));
    bench_record(bench, 3, list_of("\"positionAmt\":\"0\",\"leverage\":\"9\""));
    assert_int_equal(bench->recorded.capture_id, 3);
    assert_int_equal(bench->recorded.position_count, 0);
    recorder_free(other.recorder);
    database_close(&other.database);
    capture_free(&other.capture);
}

static void a_rolled_back_transaction_leaves_no_trace(void **state)
{
    struct bench *bench = *state;
    struct error error;
    bench_record(bench, 1, list_of(""));
    assert_true(recorder_begin(bench->recorder, &error));
    bench->capture.received_ms = 2;
    assert_true(
        recorder_append(bench->recorder, RECORD_IMPORT, &bench->capture, &bench->recorded, &error));
    recorder_rollback(bench->recorder);
    bench_record(bench, 2, list_of("\"leverage\":\"2\""));
    assert_int_equal(bench->recorded.capture_id, 2);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM capture"), 2);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 2);
}

static void exchange_info_replaces_what_the_name_told(void **state)
{
    struct bench *bench = *state;
    struct error error;
    bench_record(bench, 1, list_of("\"symbol\":\"BTCUSD_261225\""));
    assert_int_equal(bench->recorded.new_contract_count, 1);
    assert_int_equal(bench_integer(bench, "SELECT delivery_ms FROM contract"), 1798185600000);
    capture_clear(&bench->capture);
    text_append_string(&bench->capture.account, "main");
    text_append_string(&bench->capture.body,
                       "{\"symbols\":[{\"symbol\":\"BTCUSD_261225\",\"pair\":\"BTCUSD\","
                       "\"marginAsset\":\"BTC\",\"contractType\":\"CURRENT_QUARTER\","
                       "\"deliveryDate\":1798185600000,\"contractSize\":250},"
                       "{\"symbol\":\"NEWUSD_PERP\"},"
                       "{\"symbol\":\"BTCUSD_261225\",\"contractSize\":9}]}");
    bench->capture.endpoint = ENDPOINT_EXCHANGE_INFO;
    bench->capture.has_body = true;
    bench->capture.received_ms = 2;
    capture_judge(&bench->capture);
    assert_true(
        recorder_record(bench->recorder, RECORD_LIVE, &bench->capture, &bench->recorded, &error));
    assert_int_equal(bench->recorded.row_count, 3);
    assert_string_equal(bench_text(bench, "SELECT contract_type || contract_size_e8 || source FROM "
                                          "contract WHERE symbol = 'BTCUSD_261225'"),
                        "CURRENT_QUARTER25000000000exchangeInfo");
    assert_string_equal(bench_text(bench, "SELECT margin_asset || contract_size_e8 FROM contract "
                                          "WHERE symbol = 'NEWUSD_PERP'"),
                        "NEW1000000000");
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM position"), 1);
    assert_string_equal(bench_text(bench, "SELECT group_concat(from_ms || ' ' || to_ms || ' ' || "
                                          "contract_size_e8, ', ') FROM leg_term"),
                        "0 2 10000000000, 2 9223372036854775807 25000000000");
    int64_t read_ms;
    assert_true(recorder_exchange_info_ms(bench->recorder, &COIN_M, &read_ms, &error));
    assert_int_equal(read_ms, 2);
}

static void an_hour_of_numbers_beyond_any_bound_is_summed_up_all_the_same(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1,
                 list_of("\"positionAmt\":\"-92233720368.54775807\",\"markPrice\":\"0.00000001\","
                         "\"unRealizedProfit\":\"92233720368.54775807\",\"leverage\":\"-1\""));
    bench_record(bench, 2,
                 list_of("\"markPrice\":\"92233720368.54775807\","
                         "\"unRealizedProfit\":\"-92233720368.54775807\",\"leverage\":\"0\""));
    bench_record(bench, 3600000, list_of(""));
    assert_string_equal(bench_text(bench, "SELECT valuations || ' ' || unrealized_pnl_min_e8 || "
                                          "' ' || (unrealized_pnl_usd_min_e8 IS NULL) || ' ' || "
                                          "(initial_margin_min_e8 IS NULL) FROM leg_hour"),
                        "2 -9223372036854775807 1 1");
}

static void the_views_compute_the_documented_example(void **state)
{
    struct bench *bench = *state;
    bench_record(bench, 1627026881400, list_of(""));
    assert_string_equal(bench_text(bench, "SELECT printf('%.8f %.8f %.8f', unrealized_pnl, "
                                          "expected_pnl, pnl_difference) FROM pnl_history"),
                        "0.00005866 0.00005866 0.00000000");
    assert_string_equal(bench_text(bench, "SELECT time FROM pnl_history"),
                        "2021-07-23T07:54:41.400Z");
    assert_string_equal(bench_text(bench, "SELECT printf('%.8f %.6f', initial_margin, "
                                          "liquidation_distance) FROM margin_history"),
                        "0.00006786 0.010267");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_first_response_makes_legs_positions_and_valuations),
        TEST(an_unchanged_flat_leg_writes_no_rows),
        TEST(an_unchanged_open_leg_is_valued_at_every_poll),
        TEST(a_flat_leg_is_valued_when_a_value_differs),
        TEST(changed_content_under_the_same_update_time_is_a_revision),
        TEST(an_update_time_that_goes_back_takes_the_next_free_revision),
        TEST(a_leg_that_vanishes_and_returns_says_so),
        TEST(a_filtered_request_says_nothing_of_other_legs),
        TEST(an_unreadable_body_is_kept_and_makes_no_rows),
        TEST(an_odd_field_costs_itself_and_each_answer_that_has_it_says_so),
        TEST(an_amount_that_cannot_be_read_is_not_flat),
        TEST(an_odd_field_of_exchange_info_costs_the_size),
        TEST(a_leg_that_is_there_twice_is_unreadable_and_changes_nothing),
        TEST(a_moving_unknown_number_makes_no_position_rows),
        TEST(a_new_process_goes_on_where_the_last_one_stood),
        TEST(live_times_strictly_increase),
        TEST(importing_the_same_capture_again_adds_nothing),
        TEST(history_is_appended_in_order),
        TEST(times_are_unique_for_each_endpoint_not_over_all),
        TEST(a_failure_of_the_future_holds_up_nothing),
        TEST(what_another_connection_wrote_is_taken_into_account),
        TEST(a_rolled_back_transaction_leaves_no_trace),
        TEST(exchange_info_replaces_what_the_name_told),
        TEST(an_hour_of_numbers_beyond_any_bound_is_summed_up_all_the_same),
        TEST(the_views_compute_the_documented_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
