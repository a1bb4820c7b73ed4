#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence/archive.h"

struct archive_bench {
    struct bench *bench;
    struct sha256 *sha256;
    struct archive *archive;
    int64_t polls;
};

static struct archive_bench open_archive(struct bench *bench)
{
    struct error error;
    struct archive_bench opened = {.bench = bench, .sha256 = sha256_new(&error)};
    opened.archive = archive_new(&bench->database, opened.sha256, &error);
    assert_non_null(opened.archive);
    return opened;
}

static void close_archive(struct archive_bench *opened)
{
    archive_free(opened->archive);
    sha256_free(opened->sha256);
}

static int64_t put(struct archive_bench *opened, struct span body, bool can_be_base)
{
    struct error error;
    struct sha256_digest digest;
    int64_t payload_id = 0;
    struct capture capture = {.endpoint = ENDPOINT_POSITION_RISK,
                              .outcome = can_be_base ? OUTCOME_OK : OUTCOME_UNREADABLE};
    text_append(&capture.body, body.data, body.size);
    if (!archive_put(opened->archive, 1, &capture, &payload_id, &digest, &error)) {
        fail_msg("%s", error.text);
    }
    capture_free(&capture);
    return payload_id;
}

static void assert_same(struct archive_bench *opened, int64_t payload_id, struct span body)
{
    struct error error;
    struct text read = {0};
    struct sha256_digest stored, digest;
    if (!archive_get(opened->archive, payload_id, &read, &stored, &error)) {
        fail_msg("%s", error.text);
    }
    assert_true(span_equal(text_span(&read), body));
    assert_true(sha256_of(opened->sha256, &body, 1, &digest, &error));
    assert_true(sha256_equal(&stored, &digest));
    text_free(&read);
}

/* A response of 70 symbols as the exchange writes them; `seed` moves 8 prices. */
static struct span response(int seed)
{
    static char text[70 * 420];
    int size = 0;
    for (int i = 0; i < 70; i++) {
        double mark = i < 8 ? 100.0 * (i + 1) + 0.37 * ((seed * (i + 3)) % 101) : 0;
        size += snprintf(
            text + size, sizeof text - (size_t)size,
            "%c{\"symbol\":\"COIN%02dUSD_PERP\",\"positionAmt\":\"%d\",\"entryPrice\":\"%.8f\","
            "\"markPrice\":\"%.8f\",\"unRealizedProfit\":\"%.8f\",\"liquidationPrice\":\"0\","
            "\"leverage\":\"20\",\"maxQty\":\"6000\",\"marginType\":\"cross\","
            "\"isolatedMargin\":\"0.00000000\",\"isAutoAddMargin\":\"false\","
            "\"positionSide\":\"BOTH\",\"updateTime\":0}",
            i == 0 ? '[' : ',', i, i < 8 ? 5 : 0, i < 8 ? 100.0 * (i + 1) : 0, mark, mark / 7e5);
    }
    size += snprintf(text + size, sizeof text - (size_t)size, "]");
    return (struct span){text, (size_t)size};
}

static void any_bytes_come_back_exactly(void **state)
{
    struct archive_bench opened = open_archive(*state);
    unsigned random = 12345;
    for (size_t size = 0; size < 5000; size = size * 3 / 2 + 1) {
        char *bytes = malloc(size + 1);
        for (size_t i = 0; i < size; i++) {
            random = random * 1103515245u + 12345u;
            bytes[i] = (char)(random >> 24);
        }
        struct span body = {bytes, size};
        assert_same(&opened, put(&opened, body, true), body);
        free(bytes);
    }
    close_archive(&opened);
}

static void a_body_like_its_base_costs_a_few_hundred_bytes(void **state)
{
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    put(&opened, response(0), true);
    for (int seed = 1; seed <= 50; seed++) {
        int64_t payload_id = put(&opened, response(seed), true);
        assert_same(&opened, payload_id, response(seed));
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM payload WHERE base_id IS NULL"), 1);
    int64_t average =
        bench_integer(bench, "SELECT avg(length(zstd)) FROM payload WHERE base_id IS NOT NULL");
    assert_in_range(average, 50, 500);
    close_archive(&opened);
}

static void any_payload_opens_in_two_steps(void **state)
{
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    for (int seed = 0; seed < 20; seed++) {
        put(&opened, response(seed), true);
    }
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM payload AS p JOIN payload AS b ON "
                                          "b.payload_id = p.base_id WHERE b.base_id IS NOT NULL"),
                     0);
    close_archive(&opened);
}

static void the_same_bytes_are_not_stored_twice(void **state)
{
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    int64_t first = put(&opened, span_of("[]"), true);
    assert_int_equal(put(&opened, span_of("[]"), true), first);
    assert_int_not_equal(put(&opened, span_of("[1]"), true), first);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM payload"), 2);
    close_archive(&opened);
}

static void a_body_unlike_its_base_becomes_the_next_base(void **state)
{
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    put(&opened, response(0), true);
    put(&opened, span_of("{\"code\":-1121,\"msg\":\"no base for anything\"}"), false);
    put(&opened, response(1), true);
    assert_int_equal(
        bench_integer(bench, "SELECT base_id IS NULL FROM payload WHERE payload_id = 2"), 1);
    assert_int_equal(bench_integer(bench, "SELECT base_id FROM payload WHERE payload_id = 3"), 1);
    char other[4000];
    unsigned random = 99;
    for (size_t i = 0; i < sizeof other; i++) {
        random = random * 1103515245u + 12345u;
        other[i] = (char)(random >> 24);
    }
    struct span unlike = {other, sizeof other};
    int64_t payload_id = put(&opened, unlike, true);
    assert_int_equal(payload_id, 4);
    assert_int_equal(
        bench_integer(bench, "SELECT base_id IS NULL FROM payload WHERE payload_id = 4"), 1);
    other[100] = '!';
    put(&opened, unlike, true);
    assert_int_equal(bench_integer(bench, "SELECT base_id FROM payload WHERE payload_id = 5"), 4);
    close_archive(&opened);
}

static void damage_is_an_error_not_other_bytes(void **state)
{
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    struct error error;
    struct text read = {0};
    struct sha256_digest stored;
    put(&opened, response(0), true);
    put(&opened, response(1), true);
    close_archive(&opened);
    opened = open_archive(bench);
    assert_true(database_run(&bench->database,
                             "PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE payload_id = 1",
                             &error));
    assert_false(archive_get(opened.archive, 2, &read, &stored, &error));
    assert_non_null(strstr(error.text, "base 1 is missing"));
    assert_false(archive_get(opened.archive, 9, &read, &stored, &error));
    assert_non_null(strstr(error.text, "payload 9 is missing"));
    assert_true(database_run(&bench->database,
                             "UPDATE payload SET base_id = NULL, zstd = x'00' WHERE payload_id = 2",
                             &error));
    assert_false(archive_get(opened.archive, 2, &read, &stored, &error));
    assert_non_null(strstr(error.text, "not one frame"));
    text_free(&read);
    close_archive(&opened);
}

/* What is no frame of the body's own can be as large as one likes, and nobody would see it. */
static void a_body_is_one_frame_and_nothing_else(void **state)
{
    static const char *const CHANGES[] = {
        "x'502a4d1804000000' || x'00000000' || zstd", /* one that is skipped before it, ... */
        "zstd || x'502a4d1804000000' || x'00000000'", /* ... or after it */
        "zstd || zstd",
        "zstd || x'00'",
        "substr(zstd, 1, length(zstd) - 1)",
    };
    struct bench *bench = *state;
    struct archive_bench opened = open_archive(bench);
    struct error error;
    struct text read = {0};
    struct sha256_digest stored;
    put(&opened, response(0), true);
    for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "CREATE TEMP TABLE kept AS SELECT zstd FROM payload; "
                 "UPDATE payload SET zstd = CAST(%s AS BLOB)",
                 CHANGES[i]);
        assert_true(database_run(&bench->database, sql, &error));
        assert_false(archive_get(opened.archive, 1, &read, &stored, &error));
        assert_non_null(strstr(error.text, "not one frame"));
        assert_true(database_run(&bench->database,
                                 "UPDATE payload SET zstd = (SELECT zstd FROM kept); "
                                 "DROP TABLE temp.kept",
                                 &error));
        assert_true(archive_get(opened.archive, 1, &read, &stored, &error));
    }
    text_free(&read);
    close_archive(&opened);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_bytes_come_back_exactly),
        TEST(a_body_like_its_base_costs_a_few_hundred_bytes),
        TEST(any_payload_opens_in_two_steps),
        TEST(the_same_bytes_are_not_stored_twice),
        TEST(a_body_unlike_its_base_becomes_the_next_base),
        TEST(damage_is_an_error_not_other_bytes),
        TEST(a_body_is_one_frame_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
