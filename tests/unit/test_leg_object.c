#include "support.h"

#include <stdio.h>
#include <string.h>

#include "derive/ledger.h"
#include "model/row_kinds.h"

static struct object object;
static struct row *const position = &object.rows[0], *const valuation = &object.rows[1];
static struct odd_fields odd;
static struct error error;

static int free_row(void **state)
{
    (void)state;
    object_free(&object);
    return 0;
}

static void parse(const char *text)
{
    if (!object_read(COIN_M.position, span_of(text), &object, &odd, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_refused(const char *text, const char *why)
{
    if (object_read(COIN_M.position, span_of(text), &object, &odd, &error)) {
        fail_msg("%s was taken", text);
    }
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
}

/* Holds a column of either row, by its name in the table. */
static void assert_column(const struct row *row, const char *name, int64_t value)
{
    struct maybe_int number = row_number(row, row_kind_column(row->kind, name));
    assert_true(number.known);
    assert_int_equal(number.value, value);
}

static void assert_unknown(const struct row *row, const char *name)
{
    assert_false(row_number(row, row_kind_column(row->kind, name)).known);
}

static const char *text_of(const struct row *row, const char *name)
{
    int column = row_kind_column(row->kind, name);
    return row_number(row, column).known ? text_string(&row->texts[row->kind->columns[column].text])
                                         : "";
}

static void the_documented_row_is_exact(void **state)
{
    (void)state;
    parse(element(""));
    assert_string_equal(text_string(&object.symbol), "BTCUSD_PERP");
    assert_string_equal(text_string(&object.side), "LONG");
    assert_column(position, "update_ms", 1627026881327);
    assert_column(valuation, "update_ms", 1627026881327);
    assert_column(position, "position_amount_e8", 100000000);
    assert_column(position, "entry_price_e8", 1170770000003);
    assert_column(position, "break_even_price_e8", 1170780000005);
    assert_column(valuation, "mark_price_e8", 1178866626667);
    assert_column(valuation, "unrealized_pnl_e8", 5866);
    assert_column(valuation, "liquidation_price_e8", 1166763509587);
    assert_column(position, "leverage", 125);
    assert_column(position, "max_quantity_e8", 5000000000);
    assert_column(position, "auto_add_margin", 0);
    assert_column(valuation, "isolated_margin_e8", 0);
    assert_unknown(valuation, "notional_value_e8");
    assert_unknown(position, "isolated_wallet_e8");
    assert_string_equal(text_of(position, "margin_type"), "cross");
    assert_string_equal(text_of(position, "extra"), "");
}

static void numbers_may_come_as_numbers_and_flags_as_booleans(void **state)
{
    (void)state;
    parse(element("\"leverage\":20,\"isAutoAddMargin\":true,\"markPrice\":1e-7,"
                  "\"positionAmt\":-9223372036.85477580,\"entryPrice\":-0.0"));
    assert_column(position, "leverage", 20);
    assert_column(position, "auto_add_margin", 1);
    assert_column(valuation, "mark_price_e8", 10);
    assert_column(position, "position_amount_e8", -922337203685477580);
    assert_column(position, "entry_price_e8", 0);
    assert_column(position, "rounded", 0);
}

static void absent_and_null_are_unknown_not_zero(void **state)
{
    (void)state;
    parse("{\"symbol\":\"X\",\"positionSide\":\"BOTH\",\"updateTime\":0,\"positionAmt\":null,"
          "\"marginType\":null}");
    assert_unknown(position, "position_amount_e8");
    assert_unknown(position, "leverage");
    assert_unknown(position, "margin_type");
    assert_unknown(position, "auto_add_margin");
    assert_unknown(valuation, "mark_price_e8");
    assert_column(position, "update_ms", 0);
}

static void unknown_fields_are_kept_as_they_were_written(void **state)
{
    (void)state;
    parse(element("\"adlQuantile\":3,\"big\":12345678901234567890.10,\"note\":null,"
                  "\"tier\":{\"caps\":[1, 2]},\"word\":\"\\u00e9\""));
    assert_string_equal(text_of(position, "extra"),
                        "{\"adlQuantile\":3,\"big\":12345678901234567890.10,\"note\":null,"
                        "\"tier\":{\"caps\":[1, 2]},\"word\":\"\\u00e9\"}");
    assert_int_equal(object.extra_keys, object_extra_keys(span_of(text_of(position, "extra"))));
}

static void the_set_of_unknown_keys_does_not_depend_on_order_or_values(void **state)
{
    uint64_t keys = object_extra_keys(span_of("{\"a\":1,\"b\":{\"c\":2}}"));
    (void)state;
    assert_true(keys == object_extra_keys(span_of("{\"b\":null,\"a\":7}")));
    assert_true(keys != object_extra_keys(span_of("{\"b\":null}")));
    assert_true(keys != object_extra_keys(span_of("{\"a\":1,\"c\":2}")));
    assert_int_equal(object_extra_keys(span_of("")), 0);
}

static void rounding_is_noted_for_the_table_it_concerns(void **state)
{
    (void)state;
    parse(element("\"entryPrice\":\"1.123456789\""));
    assert_column(position, "entry_price_e8", 112345679);
    assert_column(position, "rounded", 1);
    assert_column(valuation, "rounded", 0);
    parse(element("\"markPrice\":\"1.123456789\""));
    assert_column(position, "rounded", 0);
    assert_column(valuation, "rounded", 1);
}

static void what_is_no_row_is_refused_naming_the_field(void **state)
{
    (void)state;
    assert_refused(element("\"symbol\":\"\""), "symbol: missing");
    assert_refused(element("\"symbol\":\"a\\u0000b\""), "symbol: has a NUL");
    assert_refused(element("\"symbol\":\"\\ud800\""), "symbol");
    assert_refused(element("\"symbol\":7"), "symbol: not a string: 7");
    assert_refused(element("\"positionSide\":[]"), "positionSide: not a string: []");
    assert_refused(element("\"updateTime\":null"), "updateTime: missing");
    assert_refused(element("\"updateTime\":\"soon\""), "updateTime: not a number");
    assert_refused(element("\"updateTime\":1.5"), "updateTime: not a whole number");
    assert_refused("{\"symbol\":\"X\",\"symbol\":\"Y\",\"positionSide\":\"BOTH\",\"updateTime\":0}",
                   "symbol: given twice");
    assert_refused("{\"maxQty\":\"many\",\"maxQty\":1}", "maxQty: given twice");
    assert_refused("[1]", "not a JSON object");
    assert_refused("7", "not a JSON object");
    assert_refused("{\"symbol\":\"X\"", "not a JSON object");
}

static void a_field_that_cannot_be_read_costs_itself_and_is_kept(void **state)
{
    static const struct {
        const char *member, *why;
        const char *column;
        bool is_valuation;
    } FIELDS[] = {
        {"\"positionAmt\":\"abc\"", "not a number: \"abc\"", "position_amount_e8", false},
        {"\"positionAmt\":{}", "not a number: {}", "position_amount_e8", false},
        {"\"entryPrice\":true", "not a number: true", "entry_price_e8", false},
        {"\"maxQty\":\"92233720368.54775808\"", "out of range: \"92233720368.54775808\"",
         "max_quantity_e8", false},
        {"\"liquidationPrice\":\"\"", "not a number: \"\"", "liquidation_price_e8", true},
        {"\"markPrice\":[{\"a\": 1}]", "not a number: [{\"a\": 1}]", "mark_price_e8", true},
        {"\"leverage\":\"12.5\"", "not a whole number: \"12.5\"", "leverage", false},
        {"\"isAutoAddMargin\":\"yes\"", "neither true nor false: \"yes\"", "auto_add_margin",
         false},
        {"\"marginType\":7", "not a string: 7", "margin_type", false},
        {"\"marginType\":\"a\\u0000b\"", "has a NUL: \"a\\u0000b\"", "margin_type", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        char extra[256], words[256];
        odd.count = 0;
        parse(element(FIELDS[i].member));
        assert_unknown(FIELDS[i].is_valuation ? valuation : position, FIELDS[i].column);
        snprintf(extra, sizeof extra, "{%s}", FIELDS[i].member);
        assert_string_equal(text_of(position, "extra"), extra);
        assert_int_equal(object.extra_keys, object_extra_keys(span_of(extra)));
        size_t key_size = strcspn(FIELDS[i].member + 1, "\"");
        snprintf(words, sizeof words, "field %.*s: %s", (int)key_size, FIELDS[i].member + 1,
                 FIELDS[i].why);
        assert_int_equal(odd.count, 1);
        assert_string_equal(odd.first.text, words);
        assert_column(position, "update_ms", 1627026881327);
    }
    odd.count = 0;
    parse(element("\"x\":1,\"leverage\":\"a\",\"maxQty\":\"b\""));
    assert_int_equal(odd.count, 2);
    assert_string_equal(odd.first.text, "field leverage: not a number: \"a\"");
    assert_string_equal(text_of(position, "extra"),
                        "{\"x\":1,\"leverage\":\"a\",\"maxQty\":\"b\"}");
    assert_column(position, "position_amount_e8", 100000000);
}

static void an_amount_that_cannot_be_read_is_not_flat(void **state)
{
    (void)state;
    parse(element("\"positionAmt\":\"abc\""));
    assert_true(object_has(&object, POSITION_AMOUNT));
    parse(element("\"positionAmt\":\"0\",\"leverage\":\"x\""));
    assert_false(object_has(&object, POSITION_AMOUNT));
    parse("{\"symbol\":\"X\",\"positionSide\":\"BOTH\",\"updateTime\":0,\"leverage\":\"x\"}");
    assert_false(object_has(&object, POSITION_AMOUNT));
}

static void a_key_may_be_written_with_escapes(void **state)
{
    (void)state;
    parse("{\"s\\u0079mbol\":\"\\u0042\",\"positionSide\":\"BOTH\",\"updateTime\":5}");
    assert_string_equal(text_string(&object.symbol), "B");
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
        cmocka_unit_test(a_field_that_cannot_be_read_costs_itself_and_is_kept),
        cmocka_unit_test(an_amount_that_cannot_be_read_is_not_flat),
        cmocka_unit_test(a_key_may_be_written_with_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, free_row);
}
