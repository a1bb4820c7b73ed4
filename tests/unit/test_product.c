/* What the descriptions of products say, and what is told by a symbol's name alone. */
#include "support.h"

#include <string.h>

#include "model/product.h"
#include "model/row_kinds.h"

static void expect(const struct product *product, const char *symbol, const char *pair,
                   const char *asset, const char *type, int64_t size_e8)
{
    struct contract contract = {0};
    struct error error;
    assert_true(contract_derive(product, span_of(symbol), &contract, &error));
    assert_ptr_equal(contract.product, product);
    assert_string_equal(text_string(&contract.pair), pair);
    assert_string_equal(text_string(&contract.margin_asset), asset);
    assert_string_equal(text_string(&contract.contract_type), type);
    assert_int_equal(contract.contract_size_e8.known, size_e8 != 0);
    assert_int_equal(contract.contract_size_e8.value, size_e8);
    assert_int_equal(contract.delivery_ms.known, strcmp(type, "DELIVERY") == 0);
    contract_free(&contract);
}

static void a_name_tells_what_its_product_makes_of_it(void **state)
{
    const int64_t one = 100000000;
    (void)state;
    expect(&COIN_M, "BTCUSD_PERP", "BTCUSD", "BTC", "PERPETUAL", 100 * one);
    expect(&COIN_M, "ETHUSD_261225", "ETHUSD", "ETH", "DELIVERY", 10 * one);
    expect(&COIN_M, "ETHUSD_261325", "ETHUSD", "ETH", "", 10 * one); /* no such day */
    expect(&COIN_M, "BTCUSDT", "", "", "", 0);
    expect(&COIN_M, "USD_PERP", "", "", "", 0);
    expect(&USD_M, "BTCUSDT", "BTCUSDT", "USDT", "PERPETUAL", one);
    expect(&USD_M, "1000SHIBUSDT", "1000SHIBUSDT", "USDT", "PERPETUAL", one);
    expect(&USD_M, "BTCUSDC", "BTCUSDC", "USDC", "PERPETUAL", one);
    expect(&USD_M, "BTCUSDT_261225", "BTCUSDT", "USDT", "DELIVERY", one);
    expect(&USD_M, "\xe5\xb8\x81\xe5\xae\x89USDT", "\xe5\xb8\x81\xe5\xae\x89USDT", "USDT",
           "PERPETUAL", one);
    expect(&USD_M, "BTCUSD_PERP", "", "", "", 0);
    expect(&USD_M, "USDT", "", "", "", 0);
}

static void a_delivery_is_at_eight_of_its_day(void **state)
{
    struct contract contract = {0};
    struct error error;
    (void)state;
    for (int i = 0; product_at(i) != NULL; i++) {
        bool is_coin_m = product_at(i) == &COIN_M;
        assert_true(contract_derive(product_at(i),
                                    span_of(is_coin_m ? "BTCUSD_261225" : "BTCUSDT_261225"),
                                    &contract, &error));
        assert_int_equal(contract.delivery_ms.value, INT64_C(1798185600000));
    }
    contract_free(&contract);
}

static void a_product_is_found_by_its_name_and_by_what_was_asked(void **state)
{
    (void)state;
    assert_ptr_equal(product_find(span_of("coin-m")), &COIN_M);
    assert_ptr_equal(product_find(span_of("usd-m")), &USD_M);
    assert_null(product_find(span_of("usd-")));
    assert_null(product_find(span_of("")));
    assert_ptr_equal(product_of_request(span_of("/dapi/v1/positionRisk?pair=BTCUSD")), &COIN_M);
    assert_ptr_equal(product_of_request(span_of("/fapi/v3/positionRisk")), &USD_M);
    assert_null(product_of_request(span_of("/fapi/v1/positionRisk"))); /* not what is asked */
    assert_null(product_of_request(span_of("")));
    assert_null(product_of_request(span_of("seal 5")));
    assert_null(product_of_request(span_of("/sapi/v1/account/apiRestrictions")));
    assert_null(product_find(span_of("spot"))); /* of which nothing is recorded */
}

static void a_symbol_of_another_product_is_known_as_that(void **state)
{
    (void)state;
    assert_ptr_equal(product_of_foreign(&COIN_M, span_of("BTCUSDT")), &USD_M);
    assert_ptr_equal(product_of_foreign(&USD_M, span_of("BTCUSD_PERP")), &COIN_M);
    assert_null(product_of_foreign(&COIN_M, span_of("BTCUSD_PERP")));
    assert_null(product_of_foreign(&USD_M, span_of("BTCUSDT")));
    assert_null(product_of_foreign(&COIN_M, span_of("SOMETHING"))); /* nobody's */
}

/* Each description is whole: what code takes from it without asking is there. */
static void no_description_lacks_what_code_takes_for_granted(void **state)
{
    static const enum endpoint NEEDED[] = {
        ENDPOINT_POSITION_RISK, ENDPOINT_EXCHANGE_INFO, ENDPOINT_ACCOUNT,   ENDPOINT_INCOME,
        ENDPOINT_USER_TRADES,   ENDPOINT_TIME,          ENDPOINT_LISTEN_KEY};
    (void)state;
    for (int i = 0; product_at(i) != NULL; i++) {
        const struct product *product = product_at(i);
        for (size_t j = 0; j < sizeof NEEDED / sizeof NEEDED[0]; j++) {
            assert_non_null(product->endpoints[NEEDED[j]].path);
            assert_true(product->endpoints[NEEDED[j]].weight > 0);
        }
        assert_non_null(product->endpoints[product->prices].path);
        assert_int_equal(product->has_configs,
                         product->endpoints[ENDPOINT_SYMBOL_CONFIG].path != NULL);
        assert_non_null(product->hosts[0].base_url);
        assert_true(strlen(product->usual_symbol) < 64);
        assert_null(product_of_foreign(product, span_of(product->usual_symbol)));
        assert_ptr_equal(product->position->rows[1], &ROW_KINDS[ROW_VALUATION]);
        assert_ptr_equal(product->leg_margin->rows[0], &ROW_KINDS[ROW_LEG_MARGIN]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_tells_what_its_product_makes_of_it),
        cmocka_unit_test(a_delivery_is_at_eight_of_its_day),
        cmocka_unit_test(a_product_is_found_by_its_name_and_by_what_was_asked),
        cmocka_unit_test(a_symbol_of_another_product_is_known_as_that),
        cmocka_unit_test(no_description_lacks_what_code_takes_for_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
