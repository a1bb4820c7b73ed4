#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive/ledger.h"
#include "model/object_pack.h"
#include "model/row_kinds.h"

#define OWNERS 8 /* bytes before what is packed */

static struct object object, opened;
static char *packed;

static int free_objects(void **state)
{
    (void)state;
    object_free(&object);
    object_free(&opened);
    free(packed);
    packed = NULL;
    return 0;
}

static void parse(const char *text)
{
    struct odd_fields odd = {0};
    struct error error;
    if (!object_read(COIN_M.position, span_of(text), &object, &odd, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_same_row(const struct row *a, const struct row *b)
{
    assert_ptr_equal(a->kind, b->kind);
    assert_int_equal(a->known, b->known);
    for (int i = 0; i < a->kind->column_count; i++) {
        assert_int_equal(row_number(a, i).value, row_number(b, i).value);
        if (column_is_text(&a->kind->columns[i])) {
            assert_true(span_equal(row_text(a, i), row_text(b, i)));
        }
    }
}

static void assert_opens_as_it_was(void)
{
    size_t size;
    assert_true(object_pack(&object, OWNERS, &packed, &size));
    assert_true(object_unpack(packed + OWNERS, COIN_M.position, &opened));
    assert_int_equal(opened.counts, object.counts);
    assert_int_equal(opened.extra_keys, object.extra_keys);
    assert_same_row(&opened.rows[0], &object.rows[0]);
    assert_same_row(&opened.rows[1], &object.rows[1]);
}

static void a_documented_element_opens_as_it_was(void **state)
{
    (void)state;
    parse(element(""));
    assert_opens_as_it_was();
}

static void what_is_unknown_stays_unknown_after_what_was_known(void **state)
{
    (void)state;
    parse(element("\"notionalValue\":\"-17\""));
    assert_opens_as_it_was();
    parse("{\"symbol\":\"BTCUSD_PERP\",\"positionSide\":\"BOTH\",\"updateTime\":0}");
    assert_opens_as_it_was();
}

static void fields_that_no_column_is_for_are_kept(void **state)
{
    (void)state;
    parse(element("\"news\":{\"a\":[1,2]},\"more\":\"\""));
    assert_true(object.extra_keys != 0);
    assert_opens_as_it_was();
}

/* The sizes around that up to which packing takes one pass are all among them. */
static void fields_of_any_size_are_kept(void **state)
{
    char news[400];
    (void)state;
    for (int size = 0; size < 300; size++) {
        snprintf(news, sizeof news, "\"news\":\"%0*d\"", size + 1, 7);
        parse(element(news));
        assert_opens_as_it_was();
    }
}

static void every_number_is_exact(void **state)
{
    static const int64_t NUMBERS[] = {0,
                                      1,
                                      -1,
                                      63,
                                      64,
                                      -64,
                                      -65,
                                      127,
                                      128,
                                      255,
                                      INT32_MAX,
                                      INT32_MIN,
                                      INT64_MAX - 1,
                                      INT64_MAX,
                                      INT64_MIN + 1,
                                      INT64_MIN};
    (void)state;
    parse(element(""));
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        object.counts = NUMBERS[i] != 0;
        row_set(&object.rows[0], POSITION_AMOUNT, NUMBERS[i]);
        row_set(&object.rows[1], VALUATION_MARK_PRICE, NUMBERS[i]);
        object.extra_keys = (uint64_t)NUMBERS[i];
        assert_opens_as_it_was();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_documented_element_opens_as_it_was, free_objects),
        cmocka_unit_test_teardown(what_is_unknown_stays_unknown_after_what_was_known, free_objects),
        cmocka_unit_test_teardown(fields_that_no_column_is_for_are_kept, free_objects),
        cmocka_unit_test_teardown(fields_of_any_size_are_kept, free_objects),
        cmocka_unit_test_teardown(every_number_is_exact, free_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
