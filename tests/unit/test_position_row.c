#include "support.h"

#include <string.h>

#include "model/position_row.h"

static struct position_row row;
static struct error error;

static int free_row(void **state)
{
    (void)state;
    position_row_free(&row);
    return 0;
}

static void parse(const char *text)
{
    if (!position_row_parse(span_of(text), &row, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_refused(const char *text, const char *why)
{
    if (position_row_parse(span_of(text), &row, &error)) {
        fail_msg("%s was taken", text);
    }
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
}

#define assert_column(column_, value_)                                                             \
    do {                                                                                           \
        assert_true(position_row_column(&row, column_).known);                                     \
        assert_int_equal(position_row_column(&row, column_).value, value_);                        \
    } while (0)

static void the_documented_row_is_exact(void **state)
{
    (void)state;
    parse(element(""));
    assert_string_equal(text_string(&row.symbol), "BTCUSD_PERP");
    assert_string_equal(text_string(&row.position_side), "LONG");
    assert_int_equal(row.update_ms, 1627026881327);
    assert_column(COLUMN_POSITION_AMOUNT, 100000000);
    assert_column(COLUMN_ENTRY_PRICE, 1170770000003);
    assert_column(COLUMN_BREAK_EVEN_PRICE, 1170780000005);
    assert_column(COLUMN_MARK_PRICE, 1178866626667);
    assert_column(COLUMN_UNREALIZED_PNL, 5866);
    assert_column(COLUMN_LIQUIDATION_PRICE, 1166763509587);
    assert_column(COLUMN_LEVERAGE, 125);
    assert_column(COLUMN_MAX_QUANTITY, 5000000000);
    assert_column(COLUMN_AUTO_ADD_MARGIN, 0);
    assert_column(COLUMN_ISOLATED_MARGIN, 0);
    assert_false(position_row_column(&row, COLUMN_NOTIONAL_VALUE).known);
    assert_false(position_row_column(&row, COLUMN_ISOLATED_WALLET).known);
    assert_string_equal(text_string(&row.margin_type), "cross");
    assert_int_equal(row.extra.size, 0);
}

static void numbers_may_come_as_numbers_and_flags_as_booleans(void **state)
{
    (void)state;
    parse(element("\"leverage\":20,\"isAutoAddMargin\":true,\"markPrice\":1e-7,"
                  "\"positionAmt\":-9223372036.85477580,\"entryPrice\":-0.0"));
    assert_column(COLUMN_LEVERAGE, 20);
    assert_column(COLUMN_AUTO_ADD_MARGIN, 1);
    assert_column(COLUMN_MARK_PRICE, 10);
    assert_column(COLUMN_POSITION_AMOUNT, -922337203685477580);
    assert_column(COLUMN_ENTRY_PRICE, 0);
    assert_false(row.position_rounded);
}

static void absent_and_null_are_unknown_not_zero(void **state)
{
    (void)state;
    parse("{\"symbol\":\"X\",\"positionSide\":\"BOTH\",\"updateTime\":0,\"positionAmt\":null,"
          "\"marginType\":null}");
    for (int i = 0; i < COLUMN_COUNT; i++) {
        assert_false(position_row_column(&row, i).known);
    }
    assert_false(row.has_margin_type);
    assert_false(position_row_is_open(&row));
}

static void unknown_fields_are_kept_as_they_were_written(void **state)
{
    (void)state;
    parse(element("\"adlQuantile\":3,\"big\":12345678901234567890.10,\"note\":null,"
                  "\"tier\":{\"caps\":[1, 2]},\"word\":\"\\u00e9\""));
    assert_string_equal(text_string(&row.extra),
                        "{\"adlQuantile\":3,\"big\":12345678901234567890.10,\"note\":null,"
                        "\"tier\":{\"caps\":[1, 2]},\"word\":\"\\u00e9\"}");
    assert_int_equal(row.extra_keys, position_row_extra_keys(text_span(&row.extra)));
}

static void the_set_of_unknown_keys_does_not_depend_on_order_or_values(void **state)
{
    uint64_t keys = position_row_extra_keys(span_of("{\"a\":1,\"b\":{\"c\":2}}"));
    (void)state;
    assert_true(keys == position_row_extra_keys(span_of("{\"b\":null,\"a\":7}")));
    assert_true(keys != position_row_extra_keys(span_of("{\"b\":null}")));
    assert_true(keys != position_row_extra_keys(span_of("{\"a\":1,\"c\":2}")));
    assert_int_equal(position_row_extra_keys(span_of("")), 0);
}

static void rounding_is_noted_for_the_table_it_concerns(void **state)
{
    (void)state;
    parse(element("\"entryPrice\":\"1.123456789\""));
    assert_column(COLUMN_ENTRY_PRICE, 112345679);
    assert_true(row.position_rounded);
    assert_false(row.valuation_rounded);
    parse(element("\"markPrice\":\"1.123456789\""));
    assert_false(row.position_rounded);
    assert_true(row.valuation_rounded);
}

static void what_is_no_row_is_refused_naming_the_field(void **state)
{
    (void)state;
    assert_refused(element("\"positionAmt\":\"abc\""), "positionAmt: not a number");
    assert_refused(element("\"positionAmt\":{}"), "positionAmt: not a number");
    assert_refused(element("\"positionAmt\":true"), "positionAmt: not a number");
    assert_refused(element("\"entryPrice\":\"92233720368.54775808\""), "entryPrice: out of range");
    assert_refused(element("\"leverage\":\"12.5\""), "leverage: not a whole number");
    assert_refused(element("\"isAutoAddMargin\":\"yes\""), "isAutoAddMargin: neither true nor");
    assert_refused(element("\"marginType\":7"), "marginType: not a string");
    assert_refused(element("\"symbol\":\"\""), "symbol: missing");
    assert_refused(element("\"symbol\":\"a\\u0000b\""), "symbol: has a NUL");
    assert_refused(element("\"symbol\":\"\\ud800\""), "symbol");
    assert_refused(element("\"updateTime\":null"), "updateTime: missing");
    assert_refused(element("\"updateTime\":\"soon\""), "updateTime: not a number");
    assert_refused(element("\"odd\":01"), "odd: not a JSON value");
    assert_refused(element("\"odd\":nope"), "odd: not a JSON value");
    assert_refused(element("\"odd\":\x01"
                           "1"),
                   "odd: not a JSON value");
    assert_refused(element("\"odd\":{\"a\":1.}"), "odd: not a JSON value");
    assert_refused(element("\"odd\":[\"\\uZZZZ\"]"), "odd: not a JSON value");
    assert_refused("{\"symbol\":\"X\",\"symbol\":\"Y\",\"positionSide\":\"BOTH\",\"updateTime\":0}",
                   "symbol: given twice");
    assert_refused("[1]", "not a JSON object");
    assert_refused("7", "not a JSON object");
    assert_refused("{\"symbol\":\"X\"", "not a JSON object");
}

static void a_key_may_be_written_with_escapes(void **state)
{
    (void)state;
    parse("{\"s\\u0079mbol\":\"\\u0042\",\"positionSide\":\"BOTH\",\"updateTime\":5}");
    assert_string_equal(text_string(&row.symbol), "B");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_row_is_exact),
        cmocka_unit_test(numbers_may_come_as_numbers_and_flags_as_booleans),
        cmocka_unit_test(absent_and_null_are_unknown_not_zero),
        cmocka_unit_test(unknown_fields_are_kept_as_they_were_written),
        cmocka_unit_test(the_set_of_unknown_keys_does_not_depend_on_order_or_values),
        cmocka_unit_test(rounding_is_noted_for_the_table_it_concerns),
        cmocka_unit_test(what_is_no_row_is_refused_naming_the_field),
        cmocka_unit_test(a_key_may_be_written_with_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, free_row);
}
