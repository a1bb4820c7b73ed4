/* What the writer keeps while nothing can be written, and what becomes of what it cannot keep. */
#include "support.h"

#include <stdio.h>

#include "host/clock.h"
#include "report/report.h"
#include "service/writer.h"
#include "store/verify.h"

/* The program has no clock of its own: a machine that is slow would end transactions early, and the
 * first few captures could find room in the last page of a disk that is full. */
static int64_t boot_now_ms = 1, boot_step_ms;

struct boot_time clock_boot(void)
{
    boot_now_ms += boot_step_ms;
    return (struct boot_time){boot_now_ms};
}

int64_t clock_wall_ms(void)
{
    return TEST_NOW_MS;
}

struct now clock_now(void)
{
    return (struct now){clock_boot(), clock_wall_ms()};
}

struct world {
    struct bench *bench;
    struct writer *writer;
    int64_t recorded, dropped, last_dropped_ms;
};

static void on_recorded(void *context, const struct capture *capture,
                        const struct recorded *recorded)
{
    struct world *world = context;
    (void)capture;
    (void)recorded;
    world->recorded++;
}

static void on_dropped(void *context, const struct capture *capture)
{
    struct world *world = context;
    world->dropped++;
    world->last_dropped_ms = capture->received_ms;
}

static struct world make_world(struct bench *bench)
{
    return (struct world){.bench = bench};
}

static void open_writer(struct world *world)
{
    struct error error = {0};
    const struct writer_watch watch = {world, on_recorded, on_dropped};
    world->writer = writer_new(world->bench->recorder, &watch, &error);
    assert_non_null(world->writer);
}

static void add(struct world *world, const char *account, enum endpoint endpoint,
                enum outcome outcome, int64_t received_ms)
{
    struct capture capture = {.endpoint = endpoint, .outcome = outcome, .attempt = 1};
    char body[64];
    text_append_string(&capture.account, account);
    capture.received_ms = received_ms;
    if (outcome == OUTCOME_OK) {
        capture.has_body = true;
        snprintf(body, sizeof body, "{\"e\":\"news\",\"E\":%lld}", (long long)received_ms);
        text_append_string(&capture.body, endpoint == ENDPOINT_POSITION_RISK ? "[]" : body);
    }
    if (endpoint == ENDPOINT_POSITION_RISK) {
        capture.http_status = maybe_of(200);
        capture.interval_ms = maybe_of(1000);
    }
    writer_add(world->writer, &capture);
}

/* No page more than there are, or as many as it takes. */
static void set_disk(struct world *world, bool is_full)
{
    char sql[64];
    int64_t pages = bench_integer(world->bench, "PRAGMA page_count");
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld",
             is_full ? (long long)pages : 1000000LL);
    bench_integer(world->bench, sql);
}

static bool flush(struct world *world, int64_t boot_ms)
{
    return writer_flush(world->writer, (struct boot_time){boot_ms});
}

static const char *gaps(struct world *world)
{
    static char text[1024];
    struct error error = {0};
    const struct report_question question = {.database = &world->bench->database,
                                             .now_ms = TEST_NOW_MS};
    sqlite3_stmt *select = report_prepare(&question, "gaps", &error);
    int size = 0;
    while (sqlite3_step(select) == SQLITE_ROW) {
        size += snprintf(text + size, sizeof text - (size_t)size, "%s %s %s %s; ",
                         (const char *)sqlite3_column_text(select, 0),
                         (const char *)sqlite3_column_text(select, 1),
                         (const char *)sqlite3_column_text(select, 4),
                         (const char *)sqlite3_column_text(select, 6));
    }
    sqlite3_finalize(select);
    return text;
}

/* Polls of the two each second and a message each 100 ms, of one of them; the disk is full from the
 * third second on, until so much was dropped. */
static void what_a_full_disk_cost_is_evidence(void **state)
{
    struct world world = make_world(*state);
    const int64_t begin_ms = TEST_NOW_MS - 3600000;
    int64_t ms = begin_ms;
    open_writer(&world);
    add(&world, "main", ENDPOINT_USER_DATA, OUTCOME_OPENED, ms);
    for (; ms < begin_ms + 2000; ms += 100) {
        if (ms % 1000 == 0) {
            add(&world, "main", ENDPOINT_POSITION_RISK, OUTCOME_OK, ms + 1);
            add(&world, "quiet", ENDPOINT_POSITION_RISK, OUTCOME_OK, ms + 1);
        }
        add(&world, "main", ENDPOINT_USER_DATA, OUTCOME_OK, ms + 2);
    }
    assert_true(flush(&world, 0));
    int64_t written_ms = ms - 100 + 2;
    set_disk(&world, true);
    while (world.dropped < 35) {
        if (ms % 1000 == 0) {
            add(&world, "main", ENDPOINT_POSITION_RISK, OUTCOME_OK, ms + 1);
        }
        add(&world, "main", ENDPOINT_USER_DATA, OUTCOME_OK, ms + 2);
        if (ms == begin_ms + 5000) {
            assert_false(flush(&world, 1000));
        }
        ms += 100;
    }
    assert_false(flush(&world, 5000));
    set_disk(&world, false);
    assert_true(flush(&world, 10000));
    assert_int_equal(world.dropped, 35);
    assert_string_equal(
        bench_text(world.bench,
                   "SELECT group_concat(outcome || ' ' || name || ': ' || detail, '; ') FROM "
                   "(SELECT outcome, name, detail FROM capture JOIN account USING (account_id) "
                   "WHERE endpoint = 'recorder' ORDER BY capture_id)"),
        "stopped main: disk_full: 35 captures could not be written; started main: written again");
    /* Dated at the first that was dropped and the last, and written before what came after. */
    assert_int_equal(bench_integer(world.bench, "SELECT received_ms FROM capture WHERE outcome = "
                                                "'stopped'"),
                     begin_ms + 2001);
    assert_int_equal(bench_integer(world.bench, "SELECT received_ms FROM capture WHERE outcome = "
                                                "'started'"),
                     world.last_dropped_ms);
    assert_int_equal(bench_integer(world.bench,
                                   "SELECT count(*) FROM capture WHERE capture_id > (SELECT "
                                   "capture_id FROM capture WHERE outcome = 'started') AND "
                                   "received_ms <= (SELECT received_ms FROM capture WHERE outcome "
                                   "= 'started')"),
                     0);
    /* The stream's word ends with what was written. */
    assert_int_equal(bench_integer(world.bench, "SELECT to_ms FROM known WHERE kind = 'stream'"),
                     written_ms);
    assert_string_equal(gaps(&world), "main polls 5.0 disk_full; ");
    writer_free(world.writer);
    const struct verify_settings settings = {.from_capture_id = 1};
    struct verify_report report;
    struct error error = {0};
    assert_true(verify_database(&world.bench->database, &settings, &report, &error));
    assert_int_equal(report.kind, VERIFY_SOUND);
}

/* Nothing is dropped, nothing is said: what waits is written when there is room. */
static void what_waited_is_written_and_no_loss_is_told(void **state)
{
    struct world world = make_world(*state);
    enum loss_cause cause = LOSS_OVERLOAD;
    int64_t from_ms = 0, first_ms = TEST_NOW_MS - 60000;
    open_writer(&world);
    add(&world, "main", ENDPOINT_POSITION_RISK, OUTCOME_OK, first_ms);
    assert_true(flush(&world, 0));
    set_disk(&world, true);
    for (int64_t i = 1; i <= 300; i++) {
        add(&world, "main", ENDPOINT_USER_DATA, OUTCOME_OK, first_ms + i);
    }
    assert_false(flush(&world, 1000));
    assert_false(writer_flush_last(world.writer, &cause, &from_ms));
    assert_int_equal(cause, LOSS_DISK_FULL);
    assert_int_equal(bench_integer(world.bench, "SELECT count(*) FROM capture"), 1);
    assert_int_equal(from_ms, first_ms + 1);
    set_disk(&world, false);
    assert_true(writer_flush_last(world.writer, &cause, &from_ms));
    assert_int_equal(bench_integer(world.bench, "SELECT count(*) FROM capture"), 301);
    assert_int_equal(
        bench_integer(world.bench, "SELECT count(*) FROM capture WHERE endpoint = 'recorder'"), 0);
    writer_free(world.writer);
}

/* On a slow machine a transaction has one capture, and so the last page has room for some. */
static void what_finds_room_on_a_full_disk_is_written(void **state)
{
    struct world world = make_world(*state);
    enum loss_cause cause = LOSS_OVERLOAD;
    int64_t from_ms = 0, first_ms = TEST_NOW_MS - 60000;
    open_writer(&world);
    boot_step_ms = 1000;
    add(&world, "main", ENDPOINT_POSITION_RISK, OUTCOME_OK, first_ms);
    assert_true(flush(&world, 0));
    set_disk(&world, true);
    for (int64_t i = 1; i <= 300; i++) {
        add(&world, "main", ENDPOINT_USER_DATA, OUTCOME_OK, first_ms + i);
    }
    assert_false(writer_flush_last(world.writer, &cause, &from_ms));
    boot_step_ms = 0;
    int64_t written = bench_integer(world.bench, "SELECT count(*) FROM capture");
    assert_in_range(written, 1, 299);
    assert_int_equal(world.recorded, written);
    assert_int_equal(from_ms, first_ms + written);
    set_disk(&world, false);
    assert_true(writer_flush_last(world.writer, &cause, &from_ms));
    assert_int_equal(bench_integer(world.bench, "SELECT count(*) FROM capture"), 301);
    writer_free(world.writer);
}

static void a_loss_is_left_to_the_next_run_as_words(void **state)
{
    char words[LOSS_WORDS_SIZE];
    enum loss_cause cause;
    int64_t from_ms;
    (void)state;
    loss_to_words(LOSS_WRITE_ERROR, TEST_NOW_MS, words);
    assert_string_equal(words, "write_error 1795557600000");
    assert_true(loss_from_words(words, &cause, &from_ms));
    assert_int_equal(cause, LOSS_WRITE_ERROR);
    assert_int_equal(from_ms, TEST_NOW_MS);
    static const char *const NONE[] = {"",
                                       "disk_full",
                                       "disk_full ",
                                       "disk_full 1",
                                       "other 1795557600000",
                                       "disk_full 1795557600000x",
                                       "disk_full -1795557600000"};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        assert_false(loss_from_words(NONE[i], &cause, &from_ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_full_disk_cost_is_evidence, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(what_waited_is_written_and_no_loss_is_told, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(what_finds_room_on_a_full_disk_is_written, bench_setup,
                                        bench_teardown),
        cmocka_unit_test(a_loss_is_left_to_the_next_run_as_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
