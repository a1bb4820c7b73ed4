#include "support.h"

#include <stdio.h>
#include <string.h>

#include "model/row_kinds.h"
#include "model/stream_message.h"

static struct facts message;
static struct error error;

static int free_message(void **state)
{
    (void)state;
    facts_free(&message);
    return 0;
}

static void read_message(const char *text)
{
    if (!stream_message_read(&COIN_M, span_of(text), &message, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_refused(const char *text, const char *why)
{
    if (stream_message_read(&COIN_M, span_of(text), &message, &error)) {
        fail_msg("%s was taken", text);
    }
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
}

/* The message's row of that table; the `nth` of them, from 0. */
static const struct object *row_of(const char *table, int nth)
{
    for (size_t i = 0; i < message.count; i++) {
        const struct object *object = &message.list[i].object;
        if (strcmp(object->rows[0].kind->table, table) == 0 && nth-- == 0) {
            return object;
        }
    }
    fail_msg("no such row of %s", table);
    return NULL;
}

static void assert_number(const struct object *object, const char *column, int64_t value)
{
    const struct row *row = &object->rows[0];
    struct maybe_int number = row_number(row, row_kind_column(row->kind, column));
    assert_true(number.known);
    assert_int_equal(number.value, value);
}

static void assert_text(const struct object *object, const char *column, const char *value)
{
    const struct row *row = &object->rows[0];
    struct span text = row_text(row, row_kind_column(row->kind, column));
    assert_true(span_is(text, value));
}

static void an_account_update_tells_itself_its_balances_and_positions(void **state)
{
    (void)state;
    read_message("{\"e\":\"ACCOUNT_UPDATE\",\"E\":1700000000002,\"T\":1700000000001,\"i\":\"x\","
                 "\"a\":{\"m\":\"FUNDING_FEE\",\"S\":\"BTCUSD_PERP\",\"B\":[{\"a\":\"BTC\","
                 "\"wb\":\"1.5\",\"cw\":\"1.25\",\"bc\":\"-0.00000001\"}],\"P\":[{\"s\":"
                 "\"BTCUSD_PERP\",\"pa\":\"-3\",\"ep\":\"50000.1\",\"bep\":\"50001\",\"cr\":"
                 "\"0.5\",\"up\":\"0\",\"mt\":\"isolated\",\"iw\":\"0.1\",\"ps\":\"SHORT\","
                 "\"zz\":1},{\"s\":\"ETHUSD_PERP\",\"pa\":\"1\",\"ps\":\"LONG\"}]}}");
    assert_int_equal(message.count, 4);
    const struct object *update = row_of("account_update", 0);
    assert_number(update, "transaction_ms", 1700000000001);
    assert_number(update, "event_ms", 1700000000002);
    assert_text(update, "reason", "FUNDING_FEE");
    assert_text(update, "symbol", "BTCUSD_PERP");
    const struct object *balance = row_of("balance_update", 0);
    assert_text(balance, "asset", "BTC");
    assert_number(balance, "wallet_balance_e8", 150000000);
    assert_number(balance, "balance_change_e8", -1);
    const struct object *position = row_of("position_update", 0);
    assert_string_equal(text_string(&position->symbol), "BTCUSD_PERP");
    assert_string_equal(text_string(&position->side), "SHORT");
    assert_number(position, "transaction_ms", 1700000000001);
    assert_number(position, "position_amount_e8", -300000000);
    assert_text(position, "margin_type", "isolated");
    assert_text(position, "extra", "{\"zz\":1}");
    assert_string_equal(text_string(&row_of("position_update", 1)->symbol), "ETHUSD_PERP");
}

static void only_an_execution_with_an_id_is_a_trade(void **state)
{
    static const char TRADE[] =
        "{\"e\":\"ORDER_TRADE_UPDATE\",\"E\":2,\"T\":1,\"o\":{\"s\":\"BTCUSD_PERP\",\"S\":\"SELL\","
        "\"x\":\"%s\",\"i\":8886774,\"l\":\"2\",\"L\":\"9000.5\",\"T\":1,\"t\":%s,\"rp\":\"0\","
        "\"m\":true,\"ps\":\"BOTH\"}}";
    static const struct {
        const char *execution, *id;
        size_t rows;
    } CASES[] = {
        {"TRADE", "12", 1}, {"CALCULATED", "12", 1}, {"NEW", "0", 0},
        {"TRADE", "0", 0},  {"TRADE", "-1", 0},      {"EXPIRED", "12", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct text text = {0};
        text_printf(&text, TRADE, CASES[i].execution, CASES[i].id);
        read_message(text_string(&text));
        assert_int_equal(message.count, CASES[i].rows);
        text_free(&text);
        if (message.count == 1) {
            const struct object *trade = row_of("trade", 0);
            assert_text(trade, "trade_id", "12");
            assert_text(trade, "order_id", "8886774");
            assert_text(trade, "source", "stream");
            assert_text(trade, "execution", CASES[i].execution);
            assert_number(trade, "quantity_e8", 200000000);
            assert_number(trade, "maker", 1);
        }
    }
}

static void leverage_and_margin_calls(void **state)
{
    (void)state;
    read_message("{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":2,\"T\":1,\"ac\":{\"s\":\"BTCUSD_PERP\","
                 "\"l\":25}}");
    assert_number(row_of("leverage_update", 0), "leverage", 25);
    read_message("{\"e\":\"MARGIN_CALL\",\"E\":2,\"cw\":\"3\",\"p\":[{\"s\":\"BTCUSD_PERP\",\"ps\":"
                 "\"LONG\",\"pa\":\"132\",\"mt\":\"CROSSED\",\"iw\":\"0\",\"mp\":\"9187.1\",\"up\":"
                 "\"-1.1\",\"mm\":\"1.6\"}]}");
    assert_number(row_of("margin_call", 0), "event_ms", 2);
    assert_number(row_of("margin_call", 0), "maintenance_margin_e8", 160000000);
}

static void other_kinds_tell_nothing_and_what_is_wrong_is_refused(void **state)
{
    (void)state;
    read_message("{\"e\":\"STRATEGY_UPDATE\",\"T\":1,\"E\":2,\"su\":{}}");
    read_message("{\"e\":\"listenKeyExpired\",\"E\":2,\"listenKey\":\"gone\"}");
    assert_int_equal(message.count, 0);
    assert_refused("{}", "names no event (e)");
    assert_refused("{\"e\":5,\"E\":1}", "names no event (e)");
    assert_refused("{\"result\":null,\"id\":1}", "names no event (e)");
    assert_refused("{\"error\":{\"code\":2,\"msg\":\"Invalid request\"}}", "names no event (e)");
    assert_refused("{\"stream\":\"key\",\"data\":[]}", "names no event (e)");
    assert_refused("[]", "not a JSON object");
    assert_refused("{\"e\":\"ACCOUNT_UPDATE\"", "not a JSON object");
    assert_refused("{\"e\":\"X\",\"E\":1.5}", "not a time");
    assert_refused("{\"e\":\"X\",\"a\":{]}", "not");
    assert_refused("{\"e\":\"X\xff\"}", "not UTF-8");
    assert_refused("{\"e\":\"ACCOUNT_UPDATE\",\"E\":1,\"a\":{\"m\":\"ORDER\"}}",
                   "field T: missing");
    assert_refused("{\"e\":\"ACCOUNT_UPDATE\",\"E\":1,\"T\":1,\"a\":{\"P\":[{\"s\":\"X\",\"ps\":"
                   "5}]}}",
                   "\"ACCOUNT_UPDATE\": position_update, element 0: field ps: not a string: 5");
    assert_refused("{\"e\":\"X\",\"E\":1,\"new\":01}", "not JSON");
}

static void an_odd_field_costs_itself(void **state)
{
    (void)state;
    read_message("{\"e\":\"ACCOUNT_UPDATE\",\"E\":1,\"T\":1,\"a\":{\"m\":\"ORDER\",\"P\":["
                 "{\"s\":\"X\",\"ps\":\"LONG\",\"pa\":\"1\"},{\"s\":\"X\",\"ps\":\"BOTH\",\"pa\":"
                 "\"1e99\",\"ep\":\"5\",\"mt\":{}}]}}");
    assert_int_equal(message.odd.count, 2);
    assert_string_equal(message.odd.first.text, "\"ACCOUNT_UPDATE\": position_update, element 1: "
                                                "field pa: out of range: \"1e99\"");
    assert_number(row_of("position_update", 0), "position_amount_e8", 100000000);
    assert_number(row_of("position_update", 1), "entry_price_e8", 500000000);
    assert_text(row_of("position_update", 1), "extra", "{\"pa\":\"1e99\",\"mt\":{}}");
    read_message(
        "{\"e\":\"ACCOUNT_CONFIG_UPDATE\",\"E\":1,\"T\":1,\"ac\":{\"s\":\"X\",\"l\":0.5}}");
    assert_int_equal(message.odd.count, 1);
    assert_string_equal(message.odd.first.text,
                        "\"ACCOUNT_CONFIG_UPDATE\": field l: not a whole number: 0.5");
}

static void times_come_as_numbers_and_as_texts(void **state)
{
    (void)state;
    read_message(
        "{\"e\":\"ACCOUNT_UPDATE\",\"E\":\"1790743483587\",\"T\":\"1790743483586\",\"a\":"
        "{\"m\":\"ORDER\",\"B\":[],\"P\":[{\"s\":\"BTCUSD_PERP\",\"ps\":\"BOTH\",\"pa\":\"1\"}]}}");
    assert_number(row_of("account_update", 0), "event_ms", 1790743483587);
    assert_number(row_of("position_update", 0), "transaction_ms", 1790743483586);
    assert_refused("{\"e\":\"X\",\"E\":\"soon\"}", "field \"E\": not a time");
    assert_refused("{\"e\":\"X\",\"E\":\"\"}", "not a time");
}

static void a_message_in_an_envelope_is_read_as_its_data(void **state)
{
    (void)state;
    read_message(
        "{\"stream\":\"key\",\"data\":{\"e\":\"ACCOUNT_UPDATE\",\"E\":2,\"T\":1,\"a\":{\"B\":["
        "{\"a\":\"BTC\",\"wb\":\"1.5\"}],\"P\":[]}}}");
    assert_number(row_of("balance_update", 0), "wallet_balance_e8", 150000000);
    assert_true(stream_message_moves_positions(
        &COIN_M,
        span_of("{\"data\":{\"e\":\"ACCOUNT_UPDATE\",\"a\":{\"P\":[{}]}},\"stream\":\"key\"}")));
    assert_true(stream_message_is(
        span_of("{\"stream\":\"key\",\"data\":{\"e\":\"listenKeyExpired\",\"E\":1}}"),
        "listenKeyExpired"));
    /* What only looks like one is not. */
    read_message("{\"e\":\"OTHER\",\"stream\":\"key\",\"data\":{\"e\":\"ACCOUNT_UPDATE\"}}");
    assert_int_equal(message.count, 0);
}

static void what_is_of_another_product_tells_nothing_here(void **state)
{
    static const char MESSAGE[] =
        "{\"e\":\"ACCOUNT_UPDATE\",\"fs\":\"%s\",\"E\":2,\"T\":1,\"a\":{\"B\":[],"
        "\"P\":[{\"s\":\"BTCUSDT\",\"ps\":\"BOTH\",\"pa\":\"1\"}]}}";
    char text[256];
    (void)state;
    snprintf(text, sizeof text, MESSAGE, "UM");
    read_message(text);
    assert_int_equal(message.count, 0);
    assert_false(stream_message_moves_positions(&COIN_M, span_of(text)));
    snprintf(text, sizeof text, MESSAGE, "CM");
    read_message(text);
    assert_int_equal(message.count, 2);
    assert_true(stream_message_moves_positions(&COIN_M, span_of(text)));
}

static void what_the_service_asks_of_a_message(void **state)
{
    (void)state;
    assert_true(
        stream_message_is(span_of("{\"e\":\"listenKeyExpired\",\"E\":1}"), "listenKeyExpired"));
    /* `e` alone says so, whatever the rest is. */
    assert_true(stream_message_is(span_of("{\"E\":\"x\",\"e\":\"listenKeyExpired\",\"listenKey\":"),
                                  "listenKeyExpired"));
    assert_false(stream_message_is(span_of("{\"e\":\"listenKey\"}"), "listenKeyExpired"));
    assert_false(stream_message_is(span_of("nonsense"), "listenKeyExpired"));
    assert_true(stream_message_moves_positions(
        &COIN_M, span_of("{\"e\":\"ACCOUNT_UPDATE\",\"a\":{\"P\":[{}]}}")));
    assert_false(stream_message_moves_positions(
        &COIN_M, span_of("{\"e\":\"ACCOUNT_UPDATE\",\"a\":{\"P\":[]}}")));
    assert_false(stream_message_moves_positions(&COIN_M, span_of("{\"e\":\"ACCOUNT_UPDATE\"}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_account_update_tells_itself_its_balances_and_positions,
                                  free_message),
        cmocka_unit_test_teardown(only_an_execution_with_an_id_is_a_trade, free_message),
        cmocka_unit_test_teardown(leverage_and_margin_calls, free_message),
        cmocka_unit_test_teardown(an_odd_field_costs_itself, free_message),
        cmocka_unit_test_teardown(other_kinds_tell_nothing_and_what_is_wrong_is_refused,
                                  free_message),
        cmocka_unit_test_teardown(times_come_as_numbers_and_as_texts, free_message),
        cmocka_unit_test_teardown(a_message_in_an_envelope_is_read_as_its_data, free_message),
        cmocka_unit_test_teardown(what_is_of_another_product_tells_nothing_here, free_message),
        cmocka_unit_test_teardown(what_the_service_asks_of_a_message, free_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
