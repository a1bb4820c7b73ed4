#include "support.h"

#include <float.h>
#include <string.h>

#include "base/decimal.h"

struct example {
    const char *text;
    enum decimal_result result;
    int64_t value;
    bool rounded;
};

static void check(const struct example *examples, size_t count, int scale)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -77;
        bool rounded = false;
        enum decimal_result result =
            decimal_parse(span_of(examples[i].text), scale, &value, &rounded);
        if (result != examples[i].result ||
            (result == DECIMAL_OK &&
             (value != examples[i].value || rounded != examples[i].rounded))) {
            fail_msg("'%s' at scale %d: result %d, value %lld, rounded %d", examples[i].text, scale,
                     (int)result, (long long)value, rounded);
        }
    }
}
#define CHECK(examples, scale) check(examples, sizeof(examples) / sizeof(examples)[0], scale)

static void decimals_are_exact_to_eight_places(void **state)
{
    static const struct example EXAMPLES[] = {
        {"0", DECIMAL_OK, 0, false},
        {"0.0", DECIMAL_OK, 0, false},
        {"-0.00000000", DECIMAL_OK, 0, false},
        {"11707.70000003", DECIMAL_OK, 1170770000003, false},
        {"-0.00005866", DECIMAL_OK, -5866, false},
        {"1e-7", DECIMAL_OK, 10, false},
        {"1E+3", DECIMAL_OK, 100000000000, false},
        {"12.5e1", DECIMAL_OK, 12500000000, false},
        {"-9223372036.85477580", DECIMAL_OK, -922337203685477580, false},
        {"92233720368.54775807", DECIMAL_OK, INT64_MAX, false},
        {"-92233720368.54775807", DECIMAL_OK, -INT64_MAX, false},
        {"0e999999999999", DECIMAL_OK, 0, false},
        {"0.123456780000", DECIMAL_OK, 12345678, false},
        {"00012", DECIMAL_OK, 1200000000, false},
    };
    (void)state;
    CHECK(EXAMPLES, 8);
}

static void more_than_eight_places_round_half_to_even(void **state)
{
    static const struct example EXAMPLES[] = {
        {"0.000000005", DECIMAL_OK, 0, true},
        {"0.000000015", DECIMAL_OK, 2, true},
        {"0.000000025", DECIMAL_OK, 2, true},
        {"0.0000000250001", DECIMAL_OK, 3, true},
        {"-0.000000015", DECIMAL_OK, -2, true},
        {"0.000000014999", DECIMAL_OK, 1, true},
        {"1e-9", DECIMAL_OK, 0, true},
        {"5e-9", DECIMAL_OK, 0, true},
        {"1e-999999999999", DECIMAL_OK, 0, true},
        {"0.99999999999", DECIMAL_OK, 100000000, true},
        {"9e-9", DECIMAL_OK, 1, true},
        {"99e-10", DECIMAL_OK, 1, true},
    };
    (void)state;
    CHECK(EXAMPLES, 8);
}

static void a_number_out_of_range_is_refused(void **state)
{
    static const struct example EXAMPLES[] = {
        {"92233720368.54775808", DECIMAL_OUT_OF_RANGE, 0, false},
        {"-92233720368.54775808", DECIMAL_OUT_OF_RANGE, 0, false},
        {"92233720368.547758075", DECIMAL_OUT_OF_RANGE, 0, false},
        {"1e11", DECIMAL_OUT_OF_RANGE, 0, false},
        {"1e999999999999999999999", DECIMAL_OUT_OF_RANGE, 0, false},
        {"99999999999999999999999999", DECIMAL_OUT_OF_RANGE, 0, false},
    };
    (void)state;
    CHECK(EXAMPLES, 8);
}

static void what_is_no_number_is_refused(void **state)
{
    static const struct example EXAMPLES[] = {
        {"", DECIMAL_NOT_A_NUMBER, 0, false},      {"abc", DECIMAL_NOT_A_NUMBER, 0, false},
        {"-", DECIMAL_NOT_A_NUMBER, 0, false},     {"1.", DECIMAL_NOT_A_NUMBER, 0, false},
        {".5", DECIMAL_NOT_A_NUMBER, 0, false},    {"1e", DECIMAL_NOT_A_NUMBER, 0, false},
        {"1e+", DECIMAL_NOT_A_NUMBER, 0, false},   {" 1", DECIMAL_NOT_A_NUMBER, 0, false},
        {"1 ", DECIMAL_NOT_A_NUMBER, 0, false},    {"+1", DECIMAL_NOT_A_NUMBER, 0, false},
        {"0x10", DECIMAL_NOT_A_NUMBER, 0, false},  {"1,5", DECIMAL_NOT_A_NUMBER, 0, false},
        {"NaN", DECIMAL_NOT_A_NUMBER, 0, false},   {"inf", DECIMAL_NOT_A_NUMBER, 0, false},
        {"1.5.2", DECIMAL_NOT_A_NUMBER, 0, false}, {"--1", DECIMAL_NOT_A_NUMBER, 0, false},
    };
    (void)state;
    CHECK(EXAMPLES, 8);
}

static void whole_numbers_have_scale_zero(void **state)
{
    static const struct example EXAMPLES[] = {
        {"1627026881327", DECIMAL_OK, 1627026881327, false},
        {"125.0", DECIMAL_OK, 125, false},
        {"125.5", DECIMAL_OK, 126, true},
        {"9223372036854775807", DECIMAL_OK, INT64_MAX, false},
        {"9223372036854775808", DECIMAL_OUT_OF_RANGE, 0, false},
    };
    (void)state;
    CHECK(EXAMPLES, 0);
}

static void reals_are_written_shortest_without_exponent(void **state)
{
    static const struct {
        double value;
        const char *text;
    } EXAMPLES[] = {
        {0, "0"},
        {-0.0, "0"},
        {0.1, "0.1"},
        {0.00005866, "0.00005866"},
        {1e-9, "0.000000001"},
        {-2.5, "-2.5"},
        {1e21, "1000000000000000000000"},
        {11788.66626667, "11788.66626667"},
        {1.0 / 3, "0.3333333333333333"},
        {-9999999.99999999, "-9999999.99999999"},
        {12345678.12345678, "12345678.12345678"},
        {0.1 + 0.2, "0.30000000000000004"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        char text[DECIMAL_REAL_TEXT_SIZE];
        size_t size = decimal_format_real(EXAMPLES[i].value, text);
        assert_string_equal(text, EXAMPLES[i].text);
        assert_int_equal(size, strlen(text));
    }
}

static void reals_for_programs_always_have_a_point(void **state)
{
    static const struct {
        double value;
        const char *text;
    } EXAMPLES[] = {
        {0, "0.0"},
        {-0.0, "0.0"},
        {5, "5.0"},
        {-100, "-100.0"},
        {-0.5, "-0.5"},
        {111.988, "111.988"},
        {1e-9, "0.000000001"},
        {1e21, "1000000000000000000000.0"},
        {1 << 30, "1073741824.0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        char text[DECIMAL_REAL_TEXT_SIZE];
        size_t size = decimal_format_pointed(EXAMPLES[i].value, text);
        assert_string_equal(text, EXAMPLES[i].text);
        assert_int_equal(size, strlen(text));
    }
    /* The longest there is fits. */
    char text[DECIMAL_REAL_TEXT_SIZE];
    assert_int_equal(decimal_format_pointed(-DBL_MAX, text), 312);
    assert_string_equal(text + 310, ".0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_exact_to_eight_places),
        cmocka_unit_test(more_than_eight_places_round_half_to_even),
        cmocka_unit_test(a_number_out_of_range_is_refused),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(whole_numbers_have_scale_zero),
        cmocka_unit_test(reals_are_written_shortest_without_exponent),
        cmocka_unit_test(reals_for_programs_always_have_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
