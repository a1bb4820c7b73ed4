#include "service/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/disk.h"
#include "service/fleet.h"
#include "service/metrics.h"
#include "service/run_lock.h"
#include "service/signals.h"
#include "service/supervisor.h"
#include "service/writer.h"

#define LOOP_WAIT_MS_MAX 1000

/* How long a locked database may hold the loop up; the poll waits in memory then. */
#define WRITE_BUSY_MS 50

/* Enough for the pages that polls go to; the service's memory is to stay small and flat. */
#define CACHE_KIB 512

/* The write-ahead log is taken over into the database file, and emptied, this often. */
#define CHECKPOINT_EVERY_MS 10000

#define METRICS_EVERY_MS 1000

/* How old what exchangeInfo said may be. */
#define CONTRACTS_AGE_MS_MAX (INT64_C(24) * 3600 * 1000)

struct run {
    const struct database *database;
    int lock_file;
    int signal_file;
    struct recorder *recorder;
    struct writer *writer;
    struct writer_watch watch;
    struct known *known;
    struct fleet *fleet;
    struct run_settings settings;
    struct histogram commit;
    struct standing standing;   /* scratch of the metrics */
    int64_t next_checkpoint_ms; /* monotonic, as all below */
    int64_t next_metrics_ms;
    int64_t next_alive_ms;
    int64_t end_ms;
    bool metrics_failed;
    bool omits_wallets, omits_legs;
};

/* Whether it is time to read exchangeInfo again. */
static bool contracts_are_old(const struct run *run, int64_t now_ms)
{
    int64_t read_ms;
    struct error ignored;
    return recorder_exchange_info_ms(run->recorder, &read_ms, &ignored) &&
           (read_ms == INT64_MIN || now_ms - read_ms > CONTRACTS_AGE_MS_MAX);
}

static void on_recorded(void *context, const struct capture *capture,
                        const struct recorded *recorded)
{
    struct run *run = context;
    fleet_note_recorded(run->fleet, capture, recorded,
                        contracts_are_old(run, capture->received_ms));
}

struct run *run_new(const struct database *database, struct error *error)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        error_no_memory(error);
        return NULL;
    }
    *run = (struct run){.database = database, .lock_file = -1, .signal_file = -1};
    run->watch = (struct writer_watch){run, on_recorded};
    if (run_lock_take(database->path, &run->lock_file, error) &&
        database_set_cache_kib(database, CACHE_KIB, error) &&
        signals_open(&run->signal_file, error) &&
        (run->recorder = recorder_new(database, true, error)) != NULL &&
        (run->writer = writer_new(run->recorder, &run->watch, error)) != NULL &&
        (run->known = known_new(database, error)) != NULL &&
        (run->fleet = fleet_new(run->writer, run->known, error)) != NULL) {
        database_set_busy_ms(database, WRITE_BUSY_MS);
        return run;
    }
    run_free(run);
    return NULL;
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    if (run->fleet != NULL) {
        database_set_busy_ms(run->database, DATABASE_BUSY_MS);
        writer_flush_last(run->writer);
    }
    fleet_free(run->fleet);
    known_free(run->known);
    writer_free(run->writer);
    recorder_free(run->recorder);
    standing_free(&run->standing);
    signals_close(run->signal_file);
    if (run->lock_file >= 0) {
        close(run->lock_file);
    }
    free(run);
}

bool run_configure(struct run *run, const struct run_settings *settings, struct error *error)
{
    run->settings = *settings;
    return fleet_configure(run->fleet, settings->accounts, settings->account_count,
                           settings->tick_count, error);
}

static void write_captures(struct run *run, int64_t monotonic_ms)
{
    size_t waiting = writer_waiting(run->writer);
    if (writer_flush(run->writer, monotonic_ms) && waiting > 0) {
        histogram_add(&run->commit, writer_commit_ms(run->writer));
    }
    if (monotonic_ms >= run->next_checkpoint_ms) {
        run->next_checkpoint_ms = monotonic_ms + CHECKPOINT_EVERY_MS;
        database_checkpoint(run->database);
    }
}

/* How the accounts stand. */
static bool take_standing(struct run *run)
{
    bool taken = true;
    standing_clear(&run->standing);
    for (size_t i = 0; i < run->settings.account_count && taken; i++) {
        const struct account *account =
            recorder_account(run->recorder, span_of(run->settings.accounts[i].account));
        taken = account == NULL || standing_add(&run->standing, account);
    }
    return taken;
}

/* Says it once when the metrics have not all of a list, and again when they had it meanwhile. */
static void note_omitted(const char *event, size_t count, bool *omits)
{
    if (count > METRICS_ROWS_MAX && !*omits) {
        struct log_line line;
        log_begin(&line, LOG_WARNING, event);
        log_int(&line, "count", (int64_t)count);
        log_int(&line, "limit", (int64_t)METRICS_ROWS_MAX);
        log_end(&line);
    }
    *omits = count > METRICS_ROWS_MAX;
}

static void write_metrics(struct run *run, int64_t monotonic_ms)
{
    struct error error, ignored;
    if (run->settings.metrics_file == NULL || monotonic_ms < run->next_metrics_ms) {
        return;
    }
    struct metrics metrics = {
        .commit = run->commit,
        .waiting = (int64_t)writer_waiting(run->writer),
        .dropped = writer_dropped(run->writer),
        .standing = &run->standing,
    };
    fleet_fill_metrics(run->fleet, monotonic_ms, &metrics);
    run->next_metrics_ms = monotonic_ms + METRICS_EVERY_MS;
    disk_usage(run->database->path, &metrics.database_bytes, &metrics.disk_bytes, &ignored);
    bool written = (take_standing(run) || error_no_memory(&error)) &&
                   metrics_write(&metrics, run->settings.metrics_file, &error);
    note_omitted("metrics_omit_wallets", run->standing.wallets.count, &run->omits_wallets);
    note_omitted("metrics_omit_positions", run->standing.legs.count, &run->omits_legs);
    if (!written && !run->metrics_failed) {
        struct log_line line;
        log_begin(&line, LOG_ERROR, "metrics_not_written");
        log_text(&line, "reason", error.text);
        log_end(&line);
    }
    run->metrics_failed = !written;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long nothing is to be done, at most LOOP_WAIT_MS_MAX. */
static int wait_ms(struct run *run)
{
    int64_t monotonic_ms = clock_monotonic_ms();
    int64_t wake_ms = monotonic_ms + LOOP_WAIT_MS_MAX;
    wake_ms = earlier(wake_ms, fleet_wake_monotonic_ms(run->fleet, monotonic_ms));
    wake_ms = earlier(wake_ms, writer_retry_monotonic_ms(run->writer));
    wake_ms = earlier(wake_ms, run->end_ms);
    return wake_ms <= monotonic_ms ? 0 : (int)(wake_ms - monotonic_ms);
}

static void stay_alive(struct run *run, int64_t monotonic_ms)
{
    int64_t every_ms = supervisor_watchdog_ms();
    if (every_ms > 0 && monotonic_ms >= run->next_alive_ms) {
        run->next_alive_ms = monotonic_ms + every_ms;
        supervisor_alive();
    }
}

/* Waits for the requests that are out, and writes what they bring. */
static bool finish(struct run *run, struct error *error)
{
    int64_t end_ms = clock_monotonic_ms() + RUN_STOP_MS;
    int64_t now_ms;
    fleet_stop_streams(run->fleet, "posrec stops");
    while (fleet_pending(run->fleet) > 0 && (now_ms = clock_monotonic_ms()) < end_ms) {
        if (!fleet_wait(run->fleet, -1, (int)(end_ms - now_ms), error)) {
            return false;
        }
        stay_alive(run, now_ms);
    }
    writer_flush(run->writer, clock_monotonic_ms());
    return true;
}

static bool step(struct run *run, struct error *error)
{
    /* What came while captures were written can forbid what would be asked now. */
    if (!fleet_wait(run->fleet, -1, 0, error)) {
        return false;
    }
    fleet_work(run->fleet, clock_monotonic_ms());
    if (!fleet_wait(run->fleet, run->signal_file, wait_ms(run), error)) {
        return false;
    }
    int64_t monotonic_ms = clock_monotonic_ms();
    write_captures(run, monotonic_ms);
    write_metrics(run, monotonic_ms);
    stay_alive(run, monotonic_ms);
    return true;
}

static bool is_over(struct run *run, enum run_end *end)
{
    switch (signals_take(run->signal_file)) {
    case SIGNAL_STOP:
        *end = RUN_STOPPED;
        return true;
    case SIGNAL_RELOAD:
        *end = RUN_RELOAD;
        return true;
    case SIGNAL_NONE:
        break;
    }
    *end = RUN_FINISHED;
    return clock_monotonic_ms() >= run->end_ms || fleet_is_done(run->fleet);
}

bool run_loop(struct run *run, enum run_end *end, struct error *error)
{
    if (run->end_ms == 0) {
        run->end_ms = run->settings.for_ms.known ? clock_monotonic_ms() + run->settings.for_ms.value
                                                 : INT64_MAX;
    }
    supervisor_ready();
    while (!is_over(run, end)) {
        if (!step(run, error)) {
            return false;
        }
    }
    if (*end == RUN_RELOAD) {
        supervisor_reloading();
    } else {
        supervisor_stopping();
    }
    return finish(run, error);
}
