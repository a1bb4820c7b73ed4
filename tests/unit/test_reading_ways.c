/* The recorder's two ways of reading, by the bytes that changed and element by element, must give
 * equal databases on all test data. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "service/importer.h"
#include "store/migrate.h"

/* The digest of every row of every table but schema_migration. */
static void digest_of(struct database *database, char hex[static SHA256_HEX_SIZE])
{
    static const char *const QUERIES[] = {
        "SELECT * FROM account",
        "SELECT * FROM contract",
        "SELECT * FROM leg",
        "SELECT * FROM payload",
        "SELECT * FROM capture",
        "SELECT * FROM position",
        "SELECT * FROM valuation",
        "SELECT * FROM balance",
        "SELECT * FROM leg_margin",
        "SELECT * FROM income",
        "SELECT * FROM trade",
        "SELECT * FROM symbol_config",
        "SELECT * FROM mark",
        "SELECT * FROM leg_hour",
        "SELECT * FROM account_total",
        "SELECT * FROM asset_index",
        "SELECT * FROM account_config",
        "SELECT * FROM balance_hour",
        "SELECT * FROM balance_change",
    };
    struct error error;
    struct text all = {0};
    for (size_t i = 0; i < sizeof QUERIES / sizeof QUERIES[0]; i++) {
        sqlite3_stmt *select = database_prepare(database, QUERIES[i], &error);
        assert_non_null(select);
        while (database_step(database, select, &error) == STEP_ROW) {
            for (int column = 0; column < sqlite3_column_count(select); column++) {
                struct span value = column_span(select, column);
                text_printf(&all, "%d:%zu:", sqlite3_column_type(select, column), value.size);
                text_append(&all, value.data, value.size);
            }
        }
        sqlite3_finalize(select);
    }
    struct sha256 *sha256 = sha256_new(&error);
    struct span span = text_span(&all);
    struct sha256_digest digest;
    assert_false(all.failed);
    assert_true(sha256_of(sha256, &span, 1, &digest, &error));
    sha256_hex(&digest, hex);
    sha256_free(sha256);
    text_free(&all);
}

static int64_t import_into_memory(const char *command, bool compares_bytes,
                                  char hex[static SHA256_HEX_SIZE])
{
    struct error error = {0};
    struct database database;
    struct import_counts counts = {0};
    const struct import_settings settings = {.now_ms = TEST_NOW_MS, .account = "main"};
    assert_true(database_open_memory(&database, &error));
    assert_true(migrate_apply(&database, TEST_NOW_MS, NULL, &error));
    struct recorder *recorder = recorder_new(&database, compares_bytes, &error);
    FILE *lines = popen(command, "r");
    assert_non_null(lines);
    struct import_target target = {.recorder = recorder};
    if (!import_file(&target, lines, command, &settings, &counts, &error)) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pclose(lines), 0);
    digest_of(&database, hex);
    recorder_free(recorder);
    database_close(&database);
    return counts.captures;
}

static void assert_both_ways_equal(const char *command, int64_t polls)
{
    char by_bytes[SHA256_HEX_SIZE], by_parsing[SHA256_HEX_SIZE];
    assert_int_equal(import_into_memory(command, true, by_bytes), polls);
    assert_int_equal(import_into_memory(command, false, by_parsing), polls);
    assert_string_equal(by_bytes, by_parsing);
}

static void both_ways_record_a_recorded_history_equally(void **state)
{
    (void)state;
    assert_both_ways_equal("cat '" TEST_SOURCE "/tests/data/history.ndjson'", 89);
}

static void both_ways_record_a_generated_history_equally(void **state)
{
    (void)state;
    assert_both_ways_equal("python3 '" TEST_SOURCE "/tests/bench/make_captures.py' 1000", 1000);
}

/* Of the other product, in which a leg that is not listed is flat. */
static void both_ways_record_usd_m_equally(void **state)
{
    (void)state;
    assert_both_ways_equal("cat '" TEST_SOURCE "/tests/data/usd_m.ndjson'", 10);
    assert_both_ways_equal("python3 '" TEST_SOURCE "/tests/bench/make_captures.py' 1000 --money | "
                           "python3 '" TEST_SOURCE "/tests/e2e/as_usd_m.py'",
                           1409);
    assert_both_ways_equal("python3 '" TEST_SOURCE "/tests/bench/make_captures.py' 200 --money | "
                           "python3 '" TEST_SOURCE "/tests/e2e/as_usd_m.py' | "
                           "sed -E '20,90s/(notional[^0-9]*)[0-9]+/\\1one/3; "
                           "30,120s/(positionAmt[^0-9]*)[0-9.]+/\\1one/4; "
                           "50,150s/(totalWalletBalance[^0-9]*)[0-9.]+/\\1one/; "
                           "1,9s/(leverage[^0-9]*)[0-9]+/\\1one/5'",
                           284);
}

static void both_ways_name_the_fields_that_cannot_be_read(void **state)
{
    (void)state;
    assert_both_ways_equal("python3 '" TEST_SOURCE "/tests/bench/make_captures.py' 200 --money | "
                           "sed -E '20,90s/(maxQty[^0-9]*)[0-9]+/\\1one/3; "
                           "40,60s/(positionAmt[^0-9]*)[0-9]+/\\1one/9; "
                           "50,150s/(walletBalance[^0-9]*)[0-9.]+/\\1one/2'",
                           242);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_record_a_recorded_history_equally),
        cmocka_unit_test(both_ways_record_a_generated_history_equally),
        cmocka_unit_test(both_ways_record_usd_m_equally),
        cmocka_unit_test(both_ways_name_the_fields_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
