/* Text, log and terminal, UTF-8, base64, hashes and errors. */
#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/base64.h"
#include "base/embedded_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/sha256.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"

#define SPAN(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void utf8_is_checked_to_the_byte(void **state)
{
    static const struct {
        const char *bytes;
        size_t valid;
    } EXAMPLES[] = {
        {"", 0},
        {"plain ascii, longer than eight", 30},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9},
        {"ab\xc3", 2},
        {"\xc0\xaf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"12345678\xff", 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        assert_int_equal(utf8_valid_size(span_of(EXAMPLES[i].bytes)), EXAMPLES[i].valid);
    }
}

/* Text of any language passes; what a terminal obeys, and what is not UTF-8, does not. */
static void a_byte_that_is_no_utf8_is_found_wherever_it_is(void **state)
{
    char bytes[100];
    (void)state;
    for (size_t at = 0; at < sizeof bytes; at++) {
        memset(bytes, 'a', sizeof bytes);
        bytes[at] = '\xff';
        assert_int_equal(utf8_valid_size((struct span){bytes, sizeof bytes}), at);
    }
}

static void an_array_grows_and_keeps_what_it_has(void **state)
{
    int *numbers = NULL;
    size_t capacity = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(array_grow((void **)&numbers, sizeof *numbers, &capacity, (size_t)i + 1));
        assert_true(capacity > (size_t)i);
        assert_int_equal(numbers[capacity - 1], 0);
        numbers[i] = i + 1;
    }
    assert_int_equal(capacity, 1024);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(numbers[i], i + 1);
    }
    free(numbers);
}

static void a_terminal_is_given_text_that_does_not_move_it(void **state)
{
    static const struct {
        struct span bytes;
        const char *shown;
        size_t columns;
    } EXAMPLES[] = {
        {SPAN("BTCUSD_PERP"), "BTCUSD_PERP", 11},
        {SPAN("Z\u00fcrich \u65e5\u672c e\u0301"), "Z\u00fcrich \u65e5\u672c e\u0301", 13},
        {SPAN("\U0001f680\u00a0\u05d0"), "\U0001f680\u00a0\u05d0", 4},
        {SPAN("a\x1b[31mb\0\t\r\n\x7f"), "a\\x1b[31mb\\x00\\x09\\x0d\\x0a\\x7f", 30},
        {SPAN("\xc2\x80\xc2\x9f"), "\\xc2\\x80\\xc2\\x9f", 16},
        {SPAN("\u2027\u202f\u2065"), "\u2027\u202f\u2065", 2},
        {SPAN("\u202e\u2066\u2028"), "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8", 36},
        {SPAN("\u200f"), "\\xe2\\x80\\x8f", 12},
        {SPAN("\x9b\xed\xa0\x80\xc3"), "\\x9b\\xed\\xa0\\x80\\xc3", 20},
    };
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct text shown = {0};
        terminal_append(&shown, EXAMPLES[i].bytes);
        assert_string_equal(text_string(&shown), EXAMPLES[i].shown);
        assert_int_equal(terminal_columns(text_span(&shown)), EXAMPLES[i].columns);
        text_free(&shown);
    }
}

static void a_text_that_is_too_wide_is_taken_by_its_words(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *taken, *rest;
    } EXAMPLES[] = {
        {"", 3, "", ""},
        {"abc", 3, "abc", ""},
        {"abcd", 3, "abc", "d"},
        {"ab cd", 3, "ab", "cd"},
        {"ab  cd e", 7, "ab  cd", "e"},
        {"ab cd", 2, "ab", "cd"},
        {"\u65e5\u672c", 3, "\u65e5", "\u672c"},
        {"\u65e5\u672c", 1, "\u65e5", "\u672c"},
        {"e\u0301e\u0301", 1, "e\u0301", "e\u0301"},
    };
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct span rest = span_of(EXAMPLES[i].text);
        assert_true(span_is(terminal_take(&rest, EXAMPLES[i].columns), EXAMPLES[i].taken));
        assert_true(span_is(rest, EXAMPLES[i].rest));
    }
}

static void a_log_line_is_one_line_whatever_it_tells(void **state)
{
    FILE *file = tmpfile();
    int old = dup(STDERR_FILENO);
    char line[200];
    (void)state;
    assert_true(file != NULL && dup2(fileno(file), STDERR_FILENO) >= 0);
    log_event(LOG_ERROR, "event", LOG_TEXT("plain", "Z\u00fcrich"), LOG_TEXT("left_out", NULL),
              LOG_TEXT("spaced", "a \"b\""), LOG_TEXT("hostile", "\x1b[2J\n\xc2\x9b\u202e"));
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "level=error event=event plain=Z\u00fcrich spaced=\"a \\\"b\\\"\" "
                              "hostile=\"\\\\x1b[2J\\\\x0a\\\\xc2\\\\x9b"
                              "\\\\xe2\\\\x80\\\\xae\"\n");
    fclose(file);
}

static void base64_is_undone_exactly(void **state)
{
    (void)state;
    for (size_t size = 0; size < 70; size++) {
        char bytes[70];
        struct text encoded = {0}, decoded = {0};
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (char)(i * 37 + size);
        }
        base64_encode((struct span){bytes, size}, &encoded);
        assert_true(base64_decode(text_span(&encoded), &decoded));
        assert_int_equal(decoded.size, size);
        assert_memory_equal(text_string(&decoded), bytes, size);
        text_free(&encoded);
        text_free(&decoded);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const EXAMPLES[] = {
        "A", "AB", "ABC", "AB=C", "A*==", " AAA", "AAA\n", "AA A", "AAAA----", "AAAAAAA-"};
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct text decoded = {0};
        if (base64_decode(span_of(EXAMPLES[i]), &decoded)) {
            fail_msg("'%s' was taken", EXAMPLES[i]);
        }
        text_free(&decoded);
    }
}

static void json_strings_escape_what_they_must(void **state)
{
    struct text text = {0};
    (void)state;
    text_append_json(&text, (struct span){"a\"b\\c\n\x01\0é", 10});
    assert_string_equal(text_string(&text), "\"a\\\"b\\\\c\\n\\u0001\\u0000\xc3\xa9\"");
    text_free(&text);
}

static void a_text_past_its_limit_fails_and_stays_failed(void **state)
{
    struct text text = {0};
    (void)state;
    text_append_string(&text, "start");
    assert_false(text_reserve(&text, TEXT_SIZE_MAX));
    assert_true(text.failed);
    text_append_string(&text, "more");
    assert_int_equal(text.size, 5);
    text_clear(&text);
    text_append_string(&text, "again");
    assert_string_equal(text_string(&text), "again");
    text_free(&text);
}

/* FIPS 180-4's "abc". */
static void sha256_gives_the_documented_digest(void **state)
{
    struct error error;
    struct sha256_digest digest;
    char hex[SHA256_HEX_SIZE];
    struct sha256 *sha256 = sha256_new(&error);
    struct span parts[] = {span_of("a"), span_of(""), span_of("bc")};
    (void)state;
    assert_non_null(sha256);
    assert_true(sha256_of(sha256, parts, 3, &digest, &error));
    sha256_hex(&digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(sha256_from_bytes(span_of("short"), &digest));
    sha256_free(sha256);
}

static void what_is_embedded_has_the_hash_of_its_text(void **state)
{
    extern const struct embedded_file SQL_VIEWS[];
    struct error error;
    struct sha256_digest digest;
    struct text all = {0};
    char hex[SHA256_HEX_SIZE];
    struct sha256 *sha256 = sha256_new(&error);
    const struct embedded_file *file = SQL_VIEWS;
    (void)state;
    for (; file->name != NULL; file++) {
        struct span text = span_of(file->text);
        assert_true(sha256_of(sha256, &text, 1, &digest, &error));
        sha256_hex(&digest, hex);
        assert_string_equal(hex, file->sha256);
        text_append(&all, text.data, text.size);
    }
    struct span text = text_span(&all);
    assert_true(text.size > 0 && sha256_of(sha256, &text, 1, &digest, &error));
    sha256_hex(&digest, hex);
    assert_string_equal(hex, file->sha256);
    text_free(&all);
    sha256_free(sha256);
}

static void an_error_gathers_context_and_stays_one_line(void **state)
{
    struct error error;
    (void)state;
    assert_false(error_set(&error, ERROR_USAGE, "bad %s", "in\nput\x1b"));
    assert_false(error_context(&error, "line %d", 7));
    assert_string_equal(error.text, "line 7: bad in?put?");
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void a_long_error_is_cut_not_overrun(void **state)
{
    char long_text[3000];
    struct error error;
    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    error_set(&error, ERROR_FAILED, "%s", long_text);
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
    error_context(&error, "%s", long_text);
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
}

static void a_name_that_is_not_there_is_told_the_nearest_that_are(void **state)
{
    static const char *const SYMBOLS[] = {
        "AAVEUSD_PERP",  "ADAUSD_PERP", "BCHUSD_PERP", "BNBUSD_PERP",  "DOGEUSD_PERP",
        "DOTUSD_PERP",   "ETCUSD_PERP", "FILUSD_PERP", "LINKUSD_PERP", "LTCUSD_PERP",
        "BTCUSD_260326", "ETHUSD_PERP", "BTCUSD_PERP", "btcusd_260626"};
    const struct {
        const char *wanted, *first;
    } EXAMPLES[] = {
        {"btcusd", "BTCUSD_260326, BTCUSD_PERP, btcusd_260626, "},
        {"BTCUSD_PREP", "BTCUSD_PERP, "},
        {"ETHUSD-PERP", "ETHUSD_PERP, "},
        {"LTCUSD_PERPETUAL", "LTCUSD_PERP, "},
        {"dogusd_perp", "DOGEUSD_PERP, DOTUSD_PERP, "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct names names = {.wanted = EXAMPLES[i].wanted};
        for (size_t n = 0; n < sizeof SYMBOLS / sizeof SYMBOLS[0]; n++) {
            names_add(&names, SYMBOLS[n]);
        }
        const char *text = names_string(&names);
        if (strncmp(text, EXAMPLES[i].first, strlen(EXAMPLES[i].first)) != 0 ||
            strstr(text, " and 4 more") == NULL) {
            fail_msg("%s: %s", EXAMPLES[i].wanted, text);
        }
        names_free(&names);
    }
}

static void how_far_names_are_apart_is_counted_in_letters(void **state)
{
    char longer[300];
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(names_distance("main", "mian"), 2);
    assert_int_equal(names_distance("main", "man"), 1);
    assert_int_equal(names_distance("kitten", "Sitting"), 3);
    assert_int_equal(names_distance("", "main"), 0);
    assert_int_equal(names_distance("MAIN", "main2"), 0);
    assert_int_equal(names_distance("y", longer), NAMES_COMPARED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_not_there_is_told_the_nearest_that_are),
        cmocka_unit_test(how_far_names_are_apart_is_counted_in_letters),
        cmocka_unit_test(utf8_is_checked_to_the_byte),
        cmocka_unit_test(a_byte_that_is_no_utf8_is_found_wherever_it_is),
        cmocka_unit_test(an_array_grows_and_keeps_what_it_has),
        cmocka_unit_test(a_terminal_is_given_text_that_does_not_move_it),
        cmocka_unit_test(a_text_that_is_too_wide_is_taken_by_its_words),
        cmocka_unit_test(a_log_line_is_one_line_whatever_it_tells),
        cmocka_unit_test(base64_is_undone_exactly),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(json_strings_escape_what_they_must),
        cmocka_unit_test(a_text_past_its_limit_fails_and_stays_failed),
        cmocka_unit_test(sha256_gives_the_documented_digest),
        cmocka_unit_test(what_is_embedded_has_the_hash_of_its_text),
        cmocka_unit_test(an_error_gathers_context_and_stays_one_line),
        cmocka_unit_test(a_long_error_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
