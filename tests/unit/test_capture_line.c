#include "support.h"

#include <stdio.h>
#include <string.h>

#include "model/capture_line.h"

/* Ten seconds before the clock of these tests. */
#define AT "\"received_ms\":1795557590000"

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
    if (!capture_line_parse(span_of(line), TEST_NOW_MS, &capture, &error)) {
        fail_msg("%s", error.text);
    }
}

static void assert_bad(const char *line, const char *why)
{
    capture_clear(&capture);
    if (capture_line_parse(span_of(line), TEST_NOW_MS, &capture, &error)) {
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
    parse("{" AT ",\"body\":\"[]\"}");
    assert_int_equal(capture.received_ms, 1795557590000);
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
    parse("{" AT ",\"body\":\" [\\n\\t\\\"\\u00e9\\ud83d\\ude00\\u0000\\/ ] \"}");
    assert_int_equal(capture.body.size, 16);
    assert_memory_equal(capture.body.data, " [\n\t\"\xc3\xa9\xf0\x9f\x98\x80\0/ ] ", 16);
}

static void an_inline_body_is_its_own_text(void **state)
{
    (void)state;
    parse("{\"body\": [ {\"a\" : 1.50} ] ," AT "}");
    assert_string_equal(text_string(&capture.body), "[ {\"a\" : 1.50} ]");
}

static void a_base64_body_takes_any_bytes(void **state)
{
    (void)state;
    parse("{" AT ",\"http_status\":502,\"body_base64\":\"/wD+\"}");
    assert_int_equal(capture.body.size, 3);
    assert_memory_equal(capture.body.data, "\xff\x00\xfe", 3);
    assert_int_equal(capture.outcome, OUTCOME_SERVER_ERROR);
}

static void the_bytes_decide_the_outcome(void **state)
{
    (void)state;
    parse("{" AT ",\"http_status\":400,\"outcome\":\"ok\","
          "\"body\":\"{\\\"code\\\":-1121,\\\"msg\\\":\\\"Invalid symbol.\\\"}\"}");
    assert_int_equal(capture.outcome, OUTCOME_API_ERROR);
    assert_int_equal(capture.api_code.value, -1121);
    assert_string_equal(text_string(&capture.detail), "Invalid symbol.");
}

static void what_failed_below_http_is_taken_at_its_word(void **state)
{
    (void)state;
    parse("{" AT ",\"outcome\":\"timeout\",\"detail\":\"after 10 s\",\"body\":null}");
    assert_int_equal(capture.outcome, OUTCOME_TIMEOUT);
    assert_string_equal(text_string(&capture.detail), "after 10 s");
    assert_false(capture.has_body);
    parse("{" AT ",\"http_status\":200,\"outcome\":\"network_error\",\"body\":\"[{\"}");
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
    assert_bad("{" AT "}", "neither a body nor an outcome");
    assert_bad("{" AT ",\"outcome\":\"ok\"}", "ok: nothing is known of it without a body");
    assert_bad("{\"body\":\"[]\"}", "no received_ms");
    assert_bad("{\"received_ms\":\"2\",\"body\":\"[]\"}", "\"received_ms\": not a whole number");
    assert_bad("{\"received_ms\":2.5,\"body\":\"[]\"}", "\"received_ms\": not a whole number");
    assert_bad("{" AT ",\"body\":[1,}", "\"body\": neither a string nor JSON");
    assert_bad("{" AT ",\"account\":[1,}", "not JSON at byte");
    assert_bad("{" AT ",\"body\":[1 2]}", "\"body\": neither a string nor JSON");
    assert_bad("{" AT ",\"body\":\"[]\",\"body_base64\":\"\"}", "a second body");
    assert_bad("{" AT ",\"body\":\"[]\",\"body\":\"[]\"}", "\"body\": given twice");
    assert_bad("{" AT ",\"body_base64\":\"*\"}", "not base64");
    assert_bad("{" AT ",\"body\":\"\\ud800\"}", "\"body\": not a JSON string");
    assert_bad("{" AT ",\"body\":\"[]\",\"endpoint\":\"balance\"}", "\"endpoint\"");
    assert_bad("{" AT ",\"outcome\":\"fine\"}", "\"outcome\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"account\":\"a b\"}", "\"account\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"recieved\":1}", "\"recieved\": unknown");
    assert_bad("{" AT ",\"body\":\"[]\"} x", "byte");
    assert_bad("{" AT ",\"body\":\"\xff\"}", "not UTF-8");
    assert_bad("{" AT ",\"body\":\"[]\",\"b\\u006fdy\":\"[]\"}", "\"body\": given twice");
    assert_bad("{" AT ",\"body\":\"[]\",\"attempt\":99999999999}", "\"attempt\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"attempt\":1e99999}", "\"attempt\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"request\":\"/a\\u001b[2J\"}",
               "\"request\": has a control");
    assert_bad("{" AT ",\"body\":\"[]\",\"request\":\"/\xc2\x9b\"}", "\"request\": has a control");
    assert_bad("{" AT ",\"body\":\"[]\",\"account\":\"a\\u009b2J\"}", "\"account\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"account\":\"..\\/a\"}", "\"account\"");
    assert_bad("{" AT ",\"body\":\"[]\",\"request\":\"/\\ud800\"}", "\"request\": not a string");
    assert_bad("{" AT ",\"body_base64\":\"AAAA AAA\"}", "not base64");
    assert_bad("{" AT ",\"body\":\"[]\",\"api_code\":-1}", "\"api_code\"");
    assert_bad("{" AT ",\"outcome\":\"timeout\",\"api_code\":-1}", "\"api_code\"");
}

static void assert_bad_field(const char *field, const char *value, const char *why)
{
    char line[256];
    bool is_received = strcmp(field, "received_ms") == 0;
    snprintf(line, sizeof line, "{%s\"body\":\"[]\",\"%s\":%s}", is_received ? "" : AT ",", field,
             value);
    assert_bad(line, why);
    assert_non_null(strstr(error.text, field));
}

static void what_no_clock_said_is_refused_by_the_name_of_its_field(void **state)
{
    static const char *const FIELDS[] = {"received_ms", "sent_ms", "due_ms"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_bad_field(FIELDS[i], "-2", "1969-12-31T23:59:59.998Z is not within 2017-01-01");
        assert_bad_field(FIELDS[i], "0", "1970-01-01T00:00:00.000Z is not within");
        assert_bad_field(FIELDS[i], "1483228799999", "2016-12-31T23:59:59.999Z is not within");
        assert_bad_field(FIELDS[i], "1795644000001", "2026-11-25T22:00:00.000Z, a day from now");
        assert_bad_field(FIELDS[i], "253402300799999", "9999-12-31T23:59:59.999Z is not within");
        assert_bad_field(FIELDS[i], "-9223372036854775807", "is not within");
    }
    assert_bad_field("sent_ms", "1795557650001", "more than 60 s after received_ms");
    assert_bad("{\"received_ms\":1795000000000,\"body\":\"[]\",\"due_ms\":1795086400001}",
               "\"due_ms\": more than 86400 s after received_ms");
    assert_bad_field("clock_offset_ms", "316224000001", "is not within -316224000000 and");
    assert_bad_field("clock_offset_ms", "-316224000001", "is not within");
    assert_bad_field("interval_ms", "0", "is not within 1 and 31622400000");
    assert_bad_field("interval_ms", "31622400001", "is not within");
    parse("{\"received_ms\":1795644000000,\"body\":\"[]\"}");
    parse("{\"received_ms\":1483228800000,\"body\":\"[]\"}");
    parse("{" AT ",\"sent_ms\":1795557650000,\"due_ms\":1483228800000,\"body\":\"[]\","
          "\"clock_offset_ms\":-316224000000,\"interval_ms\":31622400000}");
}

/* A line of parts that are too many bytes for a literal: `unit` comes `times` over. */
static const char *long_line(const char *before, const char *unit, size_t times, const char *after)
{
    static struct text line;
    size_t start = strlen(before), size = strlen(unit) * times;
    text_clear(&line);
    text_reserve(&line, start + size + strlen(after));
    text_append_string(&line, before);
    text_append_string(&line, unit);
    while (line.size < start + size) {
        size_t done = line.size - start;
        text_append(&line, line.data + start, done < size - done ? done : size - done);
    }
    text_append_string(&line, after);
    assert_false(line.failed);
    return text_string(&line);
}

static void what_is_too_long_or_too_deep_is_refused(void **state)
{
    (void)state;
    parse(
        long_line("{" AT ",\"body\":\"[]\",\"request\":\"", "x", CAPTURE_REQUEST_SIZE_MAX, "\"}"));
    assert_bad(long_line("{" AT ",\"body\":\"[]\",\"request\":\"", "x",
                         CAPTURE_REQUEST_SIZE_MAX + 1, "\"}"),
               "\"request\": longer than 8192 bytes");
    parse(long_line("{" AT ",\"body\":\"", "\\u0041", CAPTURE_BODY_SIZE_MAX, "\"}"));
    assert_int_equal(capture.body.size, CAPTURE_BODY_SIZE_MAX);
    assert_bad(long_line("{" AT ",\"body\":\"", "\\u0041", CAPTURE_BODY_SIZE_MAX + 1, "\"}"),
               "a body of more than 16777216 bytes");
    assert_bad(long_line("{" AT ",\"body\":[0", ",0", CAPTURE_BODY_SIZE_MAX / 2, "]}"),
               "a body of more than 16777216 bytes");
    assert_bad(long_line("{" AT ",\"body\":", "[", 100000, "}"), "\"body\"");
    assert_bad(long_line("{" AT ",\"account\":", "[", 100000, "}"), "not JSON");
    parse(long_line("{" AT ",\"outcome\":\"timeout\",\"detail\":\"", "x", 100000, "\"}"));
    assert_int_equal(capture.detail.size, CAPTURE_DETAIL_SIZE_MAX);
}

/* What can be: for each outcome that a line says (the first: none) and each status, a letter for no
 * body, one that was broken off, and a whole one; '-' is refused. */
#define STATUS_COUNT 8
static const char *const STATUSES[STATUS_COUNT] = {NULL,  "101", "200", "204",
                                                   "400", "418", "429", "503"};
struct possible {
    const char *outcome;
    const char *answers[STATUS_COUNT]; /* of what is asked ... */
    const char *stream[STATUS_COUNT];  /* ... and of userData */
};
#define NEVER "---", "---", "---", "---", "---", "---", "---"
static const struct possible POSSIBLE[] = {
    {NULL, {"-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "-bw"}, {"-bw", NEVER}},
    {"ok", {"-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "-bw"}, {"-bw", NEVER}},
    {"api_error",
     {"-bw", "nbw", "-bw", "nbw", "nbw", "-bw", "-bw", "-bw"},
     {"-bw", "n--", "---", "n--", "n--", "---", "---", "---"}},
    {"rate_limited",
     {"-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "nbw", "-bw"},
     {"-bw", "---", "---", "---", "---", "---", "n--", "---"}},
    {"banned",
     {"-bw", "-bw", "-bw", "-bw", "-bw", "nbw", "-bw", "-bw"},
     {"-bw", "---", "---", "---", "---", "n--", "---", "---"}},
    {"server_error",
     {"-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "-bw", "nbw"},
     {"-bw", "---", "---", "---", "---", "---", "---", "n--"}},
    {"unreadable",
     {"-bw", "-bw", "nbw", "-bw", "-bw", "-bw", "-bw", "-bw"},
     {"-bw", "---", "n--", "---", "---", "---", "---", "---"}},
    {"timeout",
     {"nb-", "nb-", "nb-", "nb-", "nb-", "nb-", "nb-", "nb-"},
     {"n--", "n--", "n--", "n--", "n--", "n--", "n--", "n--"}},
    {"network_error",
     {"nb-", "nb-", "nb-", "nb-", "nb-", "nb-", "nb-", "nb-"},
     {"n--", "n--", "n--", "n--", "n--", "n--", "n--", "n--"}},
    {"tls_error", {"n--", NEVER}, {"n--", NEVER}},
    {"opened", {"---", NEVER}, {"n--", NEVER}},
    {"closed", {"---", NEVER}, {"n--", NEVER}},
    {"started", {"---", NEVER}, {"---", NEVER}},
    {"stopped", {"---", NEVER}, {"---", NEVER}},
};

/* A capture that was taken is written as a line that is taken, and gives the same. */
static void assert_comes_back(const char *line)
{
    struct text first = {0}, second = {0};
    parse(line);
    capture_line_append(&first, &capture);
    parse(text_string(&first));
    capture_line_append(&second, &capture);
    assert_string_equal(text_string(&first), text_string(&second));
    text_free(&first);
    text_free(&second);
}

static void check_possible(enum endpoint endpoint, const char *outcome, const char *status,
                           const char *bodies)
{
    static const char *const BODIES[] = {"null", "\"[{\"", "\" [{}]\""};
    for (size_t i = 0; i < 3; i++) {
        char line[256];
        int size = snprintf(line, sizeof line, "{" AT ",\"endpoint\":\"%s\",\"body\":%s",
                            endpoint_name(endpoint), BODIES[i]);
        if (outcome != NULL) {
            size +=
                snprintf(line + size, sizeof line - (size_t)size, ",\"outcome\":\"%s\"", outcome);
        }
        if (status != NULL) {
            size +=
                snprintf(line + size, sizeof line - (size_t)size, ",\"http_status\":%s", status);
        }
        snprintf(line + size, sizeof line - (size_t)size, "}");
        if (bodies[i] == '-') {
            assert_bad(line,
                       i == 0 && outcome == NULL ? "neither a body nor an outcome" : "field \"");
        } else {
            assert_comes_back(line);
        }
    }
}

static void every_combination_of_outcome_status_and_body_is_one_that_can_be(void **state)
{
    (void)state;
    for (int endpoint = 0; endpoint < ENDPOINT_COUNT; endpoint++) {
        for (size_t i = 0; i < sizeof POSSIBLE / sizeof POSSIBLE[0]; i++) {
            const struct possible *row = &POSSIBLE[i];
            const char *const *bodies = endpoint == ENDPOINT_USER_DATA ? row->stream : row->answers;
            bool is_run = row->outcome != NULL && (strcmp(row->outcome, "started") == 0 ||
                                                   strcmp(row->outcome, "stopped") == 0);
            for (size_t j = 0; j < STATUS_COUNT; j++) {
                const char *of_run = is_run && STATUSES[j] == NULL ? "n--" : "---";
                check_possible((enum endpoint)endpoint, row->outcome, STATUSES[j],
                               endpoint == ENDPOINT_RECORDER ? of_run : bodies[j]);
            }
        }
    }
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    assert_bad("{" AT ",\"outcome\":\"opened\"}", "\"outcome\": opened: only of userData");
    assert_bad("{" AT ",\"outcome\":\"stopped\"}", "\"outcome\": stopped: only of recorder");
    assert_bad("{" AT ",\"endpoint\":\"recorder\",\"outcome\":\"timeout\"}",
               "\"outcome\": timeout: a recorder is started or stopped");
    assert_bad("{" AT ",\"endpoint\":\"recorder\",\"body\":\"{}\"}",
               "\"body\": a recorder is not asked");
    assert_bad("{" AT
               ",\"endpoint\":\"recorder\",\"due_ms\":1795557590000,\"outcome\":\"started\"}",
               "\"due_ms\": recorder has none");
    assert_bad("{" AT ",\"outcome\":\"banned\"}",
               "\"outcome\": banned: only an http_status tells it");
    assert_bad("{" AT ",\"outcome\":\"banned\",\"http_status\":429}",
               "\"outcome\": banned: the http_status says otherwise");
    assert_bad("{" AT ",\"outcome\":\"timeout\",\"http_status\":200,\"body\":\"{}\"}",
               "\"outcome\": timeout: the body is whole");
    assert_bad("{" AT ",\"endpoint\":\"userData\",\"http_status\":200,\"body\":\"{}\"}",
               "\"http_status\": a message has none");
    assert_bad("{" AT ",\"endpoint\":\"userData\",\"sent_ms\":1795557590000,\"body\":\"{}\"}",
               "\"sent_ms\": userData has none");
    assert_bad("{" AT ",\"endpoint\":\"userData\",\"due_ms\":1795557590000,\"body\":\"{}\"}",
               "\"due_ms\": userData has none");
    assert_bad("{" AT ",\"endpoint\":\"userData\",\"interval_ms\":1000,\"outcome\":\"opened\"}",
               "\"interval_ms\": userData has none");
}

static void a_time_ahead_is_no_age(void **state)
{
    (void)state;
    assert_int_equal(capture_age_ms(TEST_NOW_MS - 7, TEST_NOW_MS), 7);
    assert_int_equal(capture_age_ms(TEST_NOW_MS + 5000, TEST_NOW_MS), 0);
    assert_int_equal(capture_age_ms(TEST_NOW_MS + 5001, TEST_NOW_MS), CAPTURE_NO_AGE);
}

static void a_written_line_gives_back_the_same_capture(void **state)
{
    static const char LINE[] =
        "{\"account\":\"m\xc3\xa9\",\"sent_ms\":1795557589950," AT ",\"http_status\":200,"
        "\"endpoint\":\"exchangeInfo\",\"due_ms\":1795557589900,\"interval_ms\":10000,\"attempt\":"
        "2,"
        "\"clock_offset_ms\":-5,\"used_weight\":7,\"request\":\"/dapi/v1/x?a=b\","
        "\"body\":\"[\\n \\\"\\u0000\\\\]\"}\n";
    static const char FAILED[] =
        "{\"account\":\"main\"," AT ",\"endpoint\":\"positionRisk\",\"attempt\":1,"
        "\"outcome\":\"network_error\",\"detail\":\"bad \\\"name\\\"\",\"body_base64\":\"/w==\"}\n";
    static const char NOT_KEPT[] =
        "{\"account\":\"main\"," AT ",\"http_status\":401,\"endpoint\":\"userData\","
        "\"attempt\":1,\"request\":\"/dapi/v1/listenKey\",\"outcome\":\"api_error\","
        "\"detail\":\"Invalid API-key\",\"api_code\":-2015}\n";
    struct text written = {0};
    (void)state;
    parse(LINE);
    capture_line_append(&written, &capture);
    assert_string_equal(text_string(&written), LINE);
    text_clear(&written);
    parse(FAILED);
    capture_line_append(&written, &capture);
    assert_string_equal(text_string(&written), FAILED);
    text_clear(&written);
    parse(NOT_KEPT);
    capture_line_append(&written, &capture);
    assert_string_equal(text_string(&written), NOT_KEPT);
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
        cmocka_unit_test(what_no_clock_said_is_refused_by_the_name_of_its_field),
        cmocka_unit_test(what_is_too_long_or_too_deep_is_refused),
        cmocka_unit_test(every_combination_of_outcome_status_and_body_is_one_that_can_be),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_time_ahead_is_no_age),
        cmocka_unit_test(a_written_line_gives_back_the_same_capture),
        cmocka_unit_test(detail_from_outside_stays_printable_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, free_capture);
}
