/* The two ways of reading a response, element by element or by the bytes that changed, must tell
 * the same. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive/ledger.h"
#include "model/row_kinds.h"

/* Of every leg here. */
static const struct contract_entry CONTRACTS[] = {{.contract.product = &COIN_M},
                                                  {.contract.product = &USD_M}};

struct reader {
    struct element_reading *reading;
    struct element_list *ledger;
    const struct contract_entry *contract;
};

static struct reader open_reader(const struct product *product, bool compares_bytes)
{
    struct reader reader = {calloc(1, sizeof *reader.reading), calloc(1, sizeof *reader.ledger),
                            &CONTRACTS[product == &USD_M]};
    assert_non_null(reader.reading);
    assert_non_null(reader.ledger);
    ledger_start(reader.ledger, product, compares_bytes);
    return reader;
}

static void close_reader(struct reader *reader)
{
    element_list_free(reader->ledger);
    element_reading_free(reader->reading);
    free(reader->ledger);
    free(reader->reading);
}

/* All that a response changes, as text. */
static void changes_of(struct reader *reader, const char *body, struct text *out)
{
    struct error error;
    struct request_filter filter = {0};
    struct ledger_change change;
    text_clear(out);
    if (!element_list_read_body(reader->ledger, reader->reading, span_of(body), &error)) {
        text_printf(out, "unreadable: %s", error.text);
        return;
    }
    if (reader->reading->odd.count > 0) {
        text_printf(out, "odd %zu %s;", reader->reading->odd.count,
                    reader->reading->odd.first.text);
    }
    while (ledger_next_change(reader->ledger, reader->reading, &filter, &change) &&
           change.leg != NULL) {
        change.leg->contract = reader->contract;
        if (change.leg->revision == LEDGER_REVISION_UNKNOWN) {
            ledger_change_settle(&change, 1000);
        }
        text_printf(out, "%s %s position %d revision %lld update %lld amount %lld mark %lld;",
                    subject_symbol(&change.leg->subject).data,
                    subject_side(&change.leg->subject).data, change.writes_position,
                    (long long)change.leg->revision,
                    (long long)change.position->values[POSITION_UPDATE_MS],
                    (change.position->known >> POSITION_AMOUNT & 1u) != 0
                        ? (long long)change.position->values[POSITION_AMOUNT]
                        : -1,
                    (long long)change.valuation->values[VALUATION_MARK_PRICE]);
    }
}

static char *random_body(unsigned *random)
{
    static char body[8192];
    static const char *const SEPARATORS[] = {",", ", ", ",\n", " ,"};
    int size = snprintf(body, sizeof body, "[");
    bool first = true;
    for (int i = 0; i < 6; i++) {
        *random = *random * 1103515245u + 12345u;
        unsigned dice = *random >> 16;
        if (dice % 11 == 0) {
            continue; /* not in this response */
        }
        char members[160];
        snprintf(members, sizeof members,
                 "\"symbol\":\"S%d\",\"positionAmt\":\"%s\",\"markPrice\":\"%u\",\"leverage\":%s,"
                 "\"updateTime\":%u",
                 i,
                 i == 5       ? "odd"
                 : i % 2 == 0 ? "0"
                              : "1",
                 dice % 5 == 0 ? dice % 7 : 1,
                 dice % 13 == 0                         ? "2"
                 : (*random & 0x800000u) != 0 && i == 2 ? "\"odd\""
                                                        : "1",
                 dice % 17 == 0 ? dice % 3 : 9u);
        size += snprintf(body + size, sizeof body - (size_t)size, "%s%s",
                         first ? "" : SEPARATORS[dice % 4], element(members));
        first = false;
    }
    *random = *random * 1103515245u + 12345u;
    snprintf(body + size, sizeof body - (size_t)size, "%s",
             (*random >> 16) % 10 == 0  ? ""
             : (*random >> 16) % 9 == 0 ? "]]"
                                        : "]");
    return body;
}

static void both_ways_of_reading_tell_the_same(void **state)
{
    const struct product *product = *state;
    struct reader quick = open_reader(product, true), plain = open_reader(product, false);
    struct text by_bytes = {0}, by_parsing = {0};
    unsigned random = 42;
    for (int i = 0; i < 5000; i++) {
        const char *body = random_body(&random);
        changes_of(&quick, body, &by_bytes);
        changes_of(&plain, body, &by_parsing);
        assert_string_equal(text_string(&by_bytes), text_string(&by_parsing));
    }
    text_free(&by_bytes);
    text_free(&by_parsing);
    close_reader(&quick);
    close_reader(&plain);
}

static void a_leg_named_only_by_an_unreadable_response_is_forgotten(void **state)
{
    struct reader reader = open_reader(&COIN_M, true);
    struct text changes = {0};
    char body[4096];
    (void)state;
    snprintf(body, sizeof body, "[%s,7]", element(""));
    changes_of(&reader, body, &changes);
    assert_string_equal(text_string(&changes), "unreadable: element 1: not a JSON object");
    snprintf(body, sizeof body, "[%s]", element(""));
    changes_of(&reader, body, &changes);
    assert_non_null(strstr(text_string(&changes), "position 1 revision 0"));
    text_free(&changes);
    close_reader(&reader);
}

static void a_leg_is_told_apart_by_symbol_and_side(void **state)
{
    struct reader reader = open_reader(&COIN_M, true);
    struct text changes = {0};
    char body[4096];
    (void)state;
    snprintf(body, sizeof body, "[%s,", element("\"positionSide\":\"LONG\""));
    strcat(body, element("\"positionSide\":\"SHORT\""));
    strcat(body, "]");
    changes_of(&reader, body, &changes);
    assert_int_equal(reader.reading->now.count, 2);
    snprintf(body, sizeof body, "[%s,", element("\"positionSide\":\"LONG\""));
    strcat(body, element("\"positionSide\":\"LONG\""));
    strcat(body, "]");
    changes_of(&reader, body, &changes);
    assert_string_equal(text_string(&changes),
                        "unreadable: element 1: BTCUSD_PERP LONG is there twice");
    text_free(&changes);
    close_reader(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(both_ways_of_reading_tell_the_same, (void *)&COIN_M),
        cmocka_unit_test_prestate(both_ways_of_reading_tell_the_same, (void *)&USD_M),
        cmocka_unit_test(a_leg_named_only_by_an_unreadable_response_is_forgotten),
        cmocka_unit_test(a_leg_is_told_apart_by_symbol_and_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
