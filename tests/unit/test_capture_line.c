#include "support.h"

#include <string.h>

#include "model/capture_line.h"

static struct capture capture;
static struct error error;

static int free_capture(void **state)
{
    (void)state;
    capture_free(&capture);
    return 0;
}

static void parse(const char *line)
{
    capture_clear(&capture);
    if (!capture_line_parse(span_of(line), &capture, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_bad(const char *line, const char *why)
{
    capture_clear(&capture);
    if (capture_line_parse(span_of(line), &capture, &error)) {
        fail_msg("%s was taken", line);
    }
    assert_int_equal(error.kind, ERROR_USAGE);
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
}

static void only_received_ms_and_body_are_needed(void **state)
{
    (void)state;
    parse("{\"received_ms\":2,\"body\":\"[]\"}");
    assert_int_equal(capture.received_ms, 2);
    assert_string_equal(text_string(&capture.body), "[]");
    assert_int_equal(capture.account.size, 0);
    assert_int_equal(capture.outcome, OUTCOME_OK);
    assert_int_equal(capture.endpoint, ENDPOINT_POSITION_RISK);
    assert_int_equal(capture.attempt, 1);
    assert_false(capture.http_status.known || capture.sent_ms.known || capture.due_ms.known ||
                 capture.interval_ms.known);
}

static void a_string_body_is_the_exact_bytes(void **state)
{
    (void)state;
    parse("{\"received_ms\":2,\"body\":\" [\\n\\t\\\"\\u00e9\\ud83d\\ude00\\u0000\\/ ] \"}");
    assert_int_equal(capture.body.size, 16);
    assert_memory_equal(capture.body.data, " [\n\t\"\xc3\xa9\xf0\x9f\x98\x80\0/ ] ", 16);
}

static void an_inline_body_is_its_own_text(void **state)
{
    (void)state;
    parse("{\"body\": [ {\"a\" : 1.50} ] ,\"received_ms\":2}");
    assert_string_equal(text_string(&capture.body), "[ {\"a\" : 1.50} ]");
}

static void a_base64_body_takes_any_bytes(void **state)
{
    (void)state;
    parse("{\"received_ms\":2,\"http_status\":502,\"body_base64\":\"/wD+\"}");
    assert_int_equal(capture.body.size, 3);
    assert_memory_equal(capture.body.data, "\xff\x00\xfe", 3);
    assert_int_equal(capture.outcome, OUTCOME_SERVER_ERROR);
}

static void the_bytes_decide_the_outcome(void **state)
{
    (void)state;
    parse("{\"received_ms\":2,\"http_status\":400,\"outcome\":\"ok\","
          "\"body\":\"{\\\"code\\\":-1121,\\\"msg\\\":\\\"Invalid symbol.\\\"}\"}");
    assert_int_equal(capture.outcome, OUTCOME_API_ERROR);
    assert_int_equal(capture.api_code.value, -1121);
    assert_string_equal(text_string(&capture.detail), "Invalid symbol.");
}

static void what_failed_below_http_is_taken_at_its_word(void **state)
{
    (void)state;
    parse("{\"received_ms\":2,\"outcome\":\"timeout\",\"detail\":\"after 10 s\",\"body\":null}");
    assert_int_equal(capture.outcome, OUTCOME_TIMEOUT);
    assert_string_equal(text_string(&capture.detail), "after 10 s");
    assert_false(capture.has_body);
    parse("{\"received_ms\":2,\"http_status\":200,\"outcome\":\"network_error\",\"body\":\"[{\"}");
    assert_int_equal(capture.outcome, OUTCOME_NETWORK_ERROR);
    assert_true(capture.has_body);
}

static void a_bad_line_names_the_field(void **state)
{
    (void)state;
    assert_bad("", "not a JSON object");
    assert_bad("{", "not a JSON object");
    assert_bad("{}", "no received_ms");
    assert_bad("[{\"symbol\":1}]", "--received-at");
    assert_bad("{\"received_ms\":2}", "neither a body nor an outcome");
    assert_bad("{\"received_ms\":2,\"outcome\":\"ok\"}", "ok without a body");
    assert_bad("{\"body\":\"[]\"}", "no received_ms");
    assert_bad("{\"received_ms\":\"2\",\"body\":\"[]\"}", "\"received_ms\": not a whole number");
    assert_bad("{\"received_ms\":2.5,\"body\":\"[]\"}", "\"received_ms\": not a whole number");
    assert_bad("{\"received_ms\":-2,\"body\":\"[]\"}", "\"received_ms\": -2 is not within");
    assert_bad("{\"received_ms\":2,\"body\":[1,}", "\"body\": neither a string nor JSON");
    assert_bad("{\"received_ms\":2,\"account\":[1,}", "not JSON at byte");
    assert_bad("{\"received_ms\":2,\"body\":[1 2]}", "\"body\": neither a string nor JSON");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\",\"body_base64\":\"\"}", "a second body");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\",\"body\":\"[]\"}", "\"body\": given twice");
    assert_bad("{\"received_ms\":2,\"body_base64\":\"*\"}", "not base64");
    assert_bad("{\"received_ms\":2,\"body\":\"\\ud800\"}", "\"body\": not a JSON string");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\",\"endpoint\":\"balance\"}", "\"endpoint\"");
    assert_bad("{\"received_ms\":2,\"outcome\":\"fine\"}", "\"outcome\"");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\",\"account\":\"a b\"}", "\"account\"");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\",\"recieved\":1}", "\"recieved\": unknown");
    assert_bad("{\"received_ms\":2,\"body\":\"[]\"} x", "byte");
    assert_bad("{\"received_ms\":2,\"body\":\"\xff\"}", "not UTF-8");
}

static void a_written_line_gives_back_the_same_capture(void **state)
{
    static const char LINE[] =
        "{\"account\":\"m\xc3\xa9\",\"sent_ms\":1,\"received_ms\":2,\"http_status\":200,"
        "\"endpoint\":\"exchangeInfo\",\"due_ms\":3,\"interval_ms\":10000,\"attempt\":2,"
        "\"clock_offset_ms\":-5,\"used_weight\":7,\"request\":\"/dapi/v1/x?a=b\","
        "\"body\":\"[\\n \\\"\\u0000\\\\]\"}\n";
    static const char FAILED[] =
        "{\"account\":\"main\",\"received_ms\":2,\"endpoint\":\"positionRisk\",\"attempt\":1,"
        "\"outcome\":\"tls_error\",\"detail\":\"bad \\\"name\\\"\",\"body_base64\":\"/w==\"}\n";
    struct text written = {0};
    (void)state;
    parse(LINE);
    capture_line_append(&written, &capture);
    assert_string_equal(text_string(&written), LINE);
    text_clear(&written);
    parse(FAILED);
    capture_line_append(&written, &capture);
    assert_string_equal(text_string(&written), FAILED);
    text_free(&written);
}

static void detail_from_outside_stays_printable_and_short(void **state)
{
    char long_text[2000];
    (void)state;
    memset(long_text, 'y', sizeof long_text);
    capture_clear(&capture);
    capture_append_detail(&capture, (struct span){"a\nb\x1b[1m\xff", 8});
    assert_string_equal(text_string(&capture.detail), "a b [1m?");
    capture_append_detail(&capture, (struct span){long_text, sizeof long_text});
    assert_int_equal(capture.detail.size, CAPTURE_DETAIL_SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_received_ms_and_body_are_needed),
        cmocka_unit_test(a_string_body_is_the_exact_bytes),
        cmocka_unit_test(an_inline_body_is_its_own_text),
        cmocka_unit_test(a_base64_body_takes_any_bytes),
        cmocka_unit_test(the_bytes_decide_the_outcome),
        cmocka_unit_test(what_failed_below_http_is_taken_at_its_word),
        cmocka_unit_test(a_bad_line_names_the_field),
        cmocka_unit_test(a_written_line_gives_back_the_same_capture),
        cmocka_unit_test(detail_from_outside_stays_printable_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, free_capture);
}
