#include "support.h"

#include <string.h>

#include "store/migrate.h"

static void assert_refused(struct bench *bench, const char *sql, const char *why)
{
    struct error error;
    assert_true(database_run(&bench->database, sql, &error));
    assert_false(migrate_apply(&bench->database, TEST_NOW_MS, NULL, &error));
    if (strstr(error.text, why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, error.text);
    }
}

static void a_new_database_is_stamped_as_posrecs(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(bench_integer(bench, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
    assert_int_equal(bench_integer(bench, "PRAGMA user_version"), migrate_latest());
    assert_string_equal(bench_text(bench, "PRAGMA journal_mode"), "wal");
    assert_int_equal(bench_integer(bench, "PRAGMA foreign_keys"), 1);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM schema_migration WHERE "
                                          "length(sha256) = 64 AND applied_ms = 1795557600000"),
                     migrate_latest());
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM pragma_table_list WHERE "
                                          "schema = 'main' AND type = 'table' AND strict = 0 AND "
                                          "name NOT LIKE 'sqlite_%'"),
                     0);
}

static void migrating_again_changes_nothing(void **state)
{
    struct bench *bench = *state;
    struct error error;
    int64_t before = bench_integer(bench, "PRAGMA schema_version");
    assert_true(migrate_apply(&bench->database, TEST_NOW_MS + 1, NULL, &error));
    assert_int_equal(bench_integer(bench, "PRAGMA schema_version"), before);
}

static void a_view_of_another_text_is_made_again(void **state)
{
    struct bench *bench = *state;
    struct error error;
    assert_true(database_run(&bench->database,
                             "DROP VIEW poll_log; CREATE VIEW poll_log AS SELECT 1 AS one;"
                             "CREATE VIEW mine AS SELECT 2 AS two",
                             &error));
    assert_true(migrate_apply(&bench->database, TEST_NOW_MS, NULL, &error));
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM poll_log"), 0);
    assert_int_equal(bench_integer(bench, "SELECT count(*) FROM pragma_table_info('poll_log') "
                                          "WHERE name = 'body_size'"),
                     1);
    assert_int_equal(bench_integer(bench, "SELECT two FROM mine"), 2);
}

static void a_database_of_a_newer_posrec_is_refused(void **state)
{
    assert_refused(*state, "PRAGMA user_version = 999", "newer posrec");
}

static void a_changed_migration_record_is_refused(void **state)
{
    assert_refused(*state, "UPDATE schema_migration SET sha256 = 'other'",
                   "migration 1 is not recorded as this posrec knows it");
}

static void a_missing_migration_record_is_refused(void **state)
{
    assert_refused(*state, "DELETE FROM schema_migration", "migration 1 is not recorded");
}

static void a_database_that_is_not_posrecs_is_refused(void **state)
{
    struct bench *bench = *state;
    struct database other;
    struct error error;
    assert_true(database_run(&bench->database, "PRAGMA application_id = 7", &error));
    assert_false(database_open(bench->path, DATABASE_WRITE, &other, &error));
    assert_non_null(strstr(error.text, "not a posrec database"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_is_stamped_as_posrecs),
        TEST(migrating_again_changes_nothing),
        TEST(a_view_of_another_text_is_made_again),
        TEST(a_database_of_a_newer_posrec_is_refused),
        TEST(a_changed_migration_record_is_refused),
        TEST(a_missing_migration_record_is_refused),
        TEST(a_database_that_is_not_posrecs_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
