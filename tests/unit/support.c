#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/migrate.h"
#include "store/verify.h"

static void open_all(struct bench *bench)
{
    struct error error = {0};
    if (!database_open(bench->path, DATABASE_WRITE, &bench->database, &error) ||
        !migrate_apply(&bench->database, TEST_NOW_MS, NULL, &error)) {
        fail_msg("%s", error.text);
    }
    bench->recorder = recorder_new(&bench->database, true, &error);
    if (bench->recorder == NULL) {
        fail_msg("%s", error.text);
    }
}

static void close_all(struct bench *bench)
{
    recorder_free(bench->recorder);
    database_close(&bench->database);
}

int bench_setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    const char *tmp = getenv("TMPDIR");
    snprintf(bench->folder, sizeof bench->folder, "%s/posrec-unit.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->path, sizeof bench->path, "%s/posrec.db", bench->folder);
    open_all(bench);
    *state = bench;
    return 0;
}

int bench_teardown(void **state)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    struct bench *bench = *state;
    close_all(bench);
    capture_free(&bench->capture);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", bench->path, SUFFIXES[i]);
        unlink(path);
    }
    rmdir(bench->folder);
    free(bench);
    return 0;
}

void bench_reopen(struct bench *bench)
{
    close_all(bench);
    open_all(bench);
}

void bench_record(struct bench *bench, int64_t received_ms, const char *body)
{
    struct error error = {0};
    struct capture *capture = &bench->capture;
    capture_clear(capture);
    text_append_string(&capture->account, "main");
    capture->received_ms = received_ms;
    capture->http_status = maybe_of(200);
    capture->has_body = true;
    text_append_string(&capture->body, body);
    capture_judge(capture);
    if (!recorder_record(bench->recorder, RECORD_IMPORT, capture, &bench->recorded, &error)) {
        fail_msg("%s", error.text);
    }
}

static sqlite3_stmt *query(struct bench *bench, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(bench->database.handle, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(bench->database.handle));
    }
    return statement;
}

int64_t bench_integer(struct bench *bench, const char *sql)
{
    sqlite3_stmt *statement = query(bench, sql);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

const char *bench_text(struct bench *bench, const char *sql)
{
    static char text[2048];
    sqlite3_stmt *statement = query(bench, sql);
    const char *value = (const char *)sqlite3_column_text(statement, 0);
    snprintf(text, sizeof text, "%s", value != NULL ? value : "");
    sqlite3_finalize(statement);
    return text;
}

void bench_assert_sound(struct bench *bench)
{
    int64_t captures = bench_integer(bench, "SELECT count(*) FROM capture");
    for (int64_t from = 1; from <= captures; from++) {
        const struct verify_settings settings = {.from_capture_id = from};
        struct verify_report report;
        struct error error = {0};
        assert_true(verify_database(&bench->database, &settings, &report, &error));
        assert_string_equal(report.kind == VERIFY_SOUND ? "" : report.what, "");
    }
}

bool test_is_long(void)
{
    const char *asked = getenv("POSREC_TEST_LONG");
    return asked != NULL && strcmp(asked, "1") == 0;
}

unsigned test_step(void)
{
    const char *asked = getenv("POSREC_TEST_STEP");
    return asked != NULL && !test_is_long() ? (unsigned)strtoul(asked, NULL, 10) : 1;
}

unsigned test_seed(void)
{
    const char *asked = getenv("POSREC_TEST_SEED");
    unsigned seed =
        (unsigned)(asked != NULL ? strtoul(asked, NULL, 10) : (unsigned long)time(NULL));
    print_message("the same again: POSREC_TEST_LONG=%d POSREC_TEST_SEED=%u\n", test_is_long(),
                  seed);
    return seed;
}

const char *element(const char *members)
{
    static const char *const USUAL[][2] = {
        {"symbol", "\"BTCUSD_PERP\""},
        {"positionAmt", "\"1\""},
        {"entryPrice", "\"11707.70000003\""},
        {"breakEvenPrice", "\"11707.80000005\""},
        {"markPrice", "\"11788.66626667\""},
        {"unRealizedProfit", "\"0.00005866\""},
        {"liquidationPrice", "\"11667.63509587\""},
        {"leverage", "\"125\""},
        {"maxQty", "\"50\""},
        {"marginType", "\"cross\""},
        {"isolatedMargin", "\"0.00000000\""},
        {"isAutoAddMargin", "\"false\""},
        {"positionSide", "\"LONG\""},
        {"updateTime", "1627026881327"},
    };
    static char text[4096];
    int size = snprintf(text, sizeof text, "{%s", members);
    for (size_t i = 0; i < sizeof USUAL / sizeof USUAL[0]; i++) {
        char key[64];
        snprintf(key, sizeof key, "\"%s\":", USUAL[i][0]);
        if (strstr(members, key) == NULL) {
            size += snprintf(text + size, sizeof text - (size_t)size, "%s%s%s", size > 1 ? "," : "",
                             key, USUAL[i][1]);
        }
    }
    snprintf(text + size, sizeof text - (size_t)size, "}");
    return text;
}
