#include "service/run.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "host/clock.h"
#include "host/disk.h"
#include "host/run_lock.h"
#include "host/signals.h"
#include "service/fleet.h"
#include "service/metrics.h"
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
    struct known *known;
    struct seals *seals;
    struct fleet *fleet;
    struct run_settings settings;
    struct standing standing; /* scratch of the metrics */
    struct boot_time next_checkpoint;
    struct boot_time next_metrics;
    struct boot_time next_alive;
    struct boot_time end; /* 0 until the first loop */
    bool metrics_failed;
    bool omits_wallets, omits_legs;
};

/* Whether it is time to read exchangeInfo again. */
static bool contracts_are_old(const struct run *run, const struct capture *capture)
{
    int64_t read_ms;
    struct error ignored;
    return capture->product != NULL &&
           recorder_exchange_info_ms(run->recorder, capture->product, &read_ms, &ignored) &&
           (read_ms == INT64_MIN || capture->received_ms - read_ms > CONTRACTS_AGE_MS_MAX);
}

static void on_recorded(void *context, const struct capture *capture,
                        const struct recorded *recorded)
{
    struct run *run = context;
    fleet_note_recorded(run->fleet, capture, recorded, contracts_are_old(run, capture));
}

static void on_dropped(void *context, const struct capture *capture)
{
    struct run *run = context;
    fleet_note_dropped(run->fleet, capture);
}

static void on_capture(void *context, struct capture *capture)
{
    writer_add(context, capture);
}

struct run *run_new(const struct database *database, const char *version, struct error *error)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        error_no_memory(error);
        return NULL;
    }
    *run = (struct run){.database = database, .lock_file = -1, .signal_file = -1};
    const struct writer_watch watch = {run, on_recorded, on_dropped};
    if (run_lock_take(database->path, &run->lock_file, error) &&
        database_set_cache_kib(database, CACHE_KIB, error) &&
        signals_open(&run->signal_file, error) &&
        (run->recorder = recorder_new(database, true, error)) != NULL &&
        (run->writer = writer_new(run->recorder, &watch, error)) != NULL &&
        (run->known = known_new(database, error)) != NULL &&
        (run->seals = seals_new(database, error)) != NULL &&
        (run->fleet = fleet_new(on_capture, run->writer, run->known, version, error)) != NULL) {
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
        enum loss_cause cause;
        int64_t from_ms;
        char words[RUN_LOCK_WORDS_SIZE];
        database_set_busy_ms(run->database, DATABASE_BUSY_MS);
        if (!writer_flush_last(run->writer, &cause, &from_ms)) {
            loss_to_words(cause, from_ms, words);
            run_lock_leave_words(run->lock_file, words);
        }
    }
    fleet_free(run->fleet);
    known_free(run->known);
    seals_free(run->seals);
    writer_free(run->writer);
    recorder_free(run->recorder);
    standing_free(&run->standing);
    signals_close(run->signal_file);
    if (run->lock_file >= 0) {
        close(run->lock_file);
    }
    free(run);
}

/* What the last run lost at its end, it could not record itself. */
static bool note_last_loss(struct run *run, struct error *error)
{
    char words[RUN_LOCK_WORDS_SIZE];
    enum loss_cause cause;
    int64_t from_ms;
    struct error ignored;
    bool done = true;
    run_lock_take_words(run->lock_file, words);
    bool is_lost = loss_from_words(words, &cause, &from_ms) &&
                   capture_check_time("lost", from_ms, clock_wall_ms(), &ignored);
    for (size_t i = 0; i < run->settings.account_count && done && is_lost; i++) {
        const char *account = run->settings.accounts[i].account;
        struct capture capture = {0};
        bool is_known;
        done = known_has_account(run->known, account, &is_known, error);
        if (is_known) {
            loss_note_stopped(account, cause, from_ms, &capture);
            writer_add(run->writer, &capture);
        }
    }
    return done;
}

bool run_configure(struct run *run, const struct run_settings *settings, struct error *error)
{
    run->settings = *settings;
    return note_last_loss(run, error) &&
           fleet_configure(run->fleet, settings->accounts, settings->account_count,
                           settings->tick_count, settings->backfills, error) &&
           (settings->seal == NULL || fleet_seal(run->fleet, settings->seal, run->seals, error));
}

/* How the accounts stand. */
static bool take_standing(struct run *run)
{
    bool taken = true;
    standing_clear(&run->standing, recorder_indexes(run->recorder));
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
        log_event(LOG_WARNING, event, LOG_INT("count", (int64_t)count),
                  LOG_INT("limit", (int64_t)METRICS_ROWS_MAX));
    }
    *omits = count > METRICS_ROWS_MAX;
}

static void write_metrics(struct run *run, struct boot_time now)
{
    struct error error, ignored;
    if (run->settings.metrics_file == NULL || !boot_reached(now, run->next_metrics)) {
        return;
    }
    struct metrics metrics = {.standing = &run->standing};
    writer_fill_metrics(run->writer, &metrics);
    fleet_fill_metrics(run->fleet, &metrics);
    run->next_metrics = boot_after(now, METRICS_EVERY_MS);
    disk_usage(run->database->path, &metrics.database_bytes, &metrics.disk_bytes, &ignored);
    bool written = (take_standing(run) || error_no_memory(&error)) &&
                   metrics_write(&metrics, run->settings.metrics_file, &error);
    note_omitted("metrics_omit_wallets", run->standing.wallets.count, &run->omits_wallets);
    note_omitted("metrics_omit_positions", run->standing.legs.count, &run->omits_legs);
    if (!written && !run->metrics_failed) {
        log_event(LOG_ERROR, "metrics_not_written", LOG_TEXT("reason", error.text));
    }
    run->metrics_failed = !written;
}

/* How long nothing is to be done, at most LOOP_WAIT_MS_MAX. */
static int wait_ms(const struct run *run, struct boot_time wake)
{
    struct boot_time now = clock_boot();
    wake = boot_earlier(wake, boot_after(now, LOOP_WAIT_MS_MAX));
    wake = boot_earlier(wake, writer_retry(run->writer));
    wake = boot_earlier(wake, run->end);
    return boot_reached(now, wake) ? 0 : (int)boot_since(wake, now);
}

/* Twice as often as systemd waits for it, where it does (sd_watchdog_enabled(3)). */
static void stay_alive(struct run *run, struct boot_time now)
{
    uint64_t limit_us;
    if (boot_reached(now, run->next_alive) && sd_watchdog_enabled(0, &limit_us) > 0) {
        run->next_alive = boot_after(now, (int64_t)(limit_us / 2000));
        sd_notify(0, "WATCHDOG=1");
    }
}

/* Waits for the requests that are out, and writes what they bring. */
static bool finish(struct run *run, const char *why, struct error *error)
{
    struct boot_time end = boot_after(clock_boot(), RUN_STOP_MS);
    struct boot_time now;
    fleet_stop_streams(run->fleet, why);
    while (fleet_pending(run->fleet) > 0 && !boot_reached(now = clock_boot(), end)) {
        if (!fleet_wait(run->fleet, -1, (int)boot_since(end, now), error)) {
            return false;
        }
        stay_alive(run, now);
    }
    fleet_note_stopped(run->fleet, why);
    fleet_finish(run->fleet);
    writer_flush(run->writer, clock_boot());
    return true;
}

static bool step(struct run *run, struct error *error)
{
    /* What came while captures were written can forbid what would be asked now. */
    if (!fleet_wait(run->fleet, -1, 0, error)) {
        return false;
    }
    struct boot_time wake = fleet_work(run->fleet);
    if (!fleet_wait(run->fleet, run->signal_file, wait_ms(run, wake), error)) {
        return false;
    }
    struct boot_time now = clock_boot();
    writer_write(run->writer, now, fleet_polls_wait(run->fleet));
    if (boot_reached(now, run->next_checkpoint)) {
        run->next_checkpoint = boot_after(now, CHECKPOINT_EVERY_MS);
        database_checkpoint(run->database);
    }
    write_metrics(run, now);
    stay_alive(run, now);
    return true;
}

static bool is_over(struct run *run, enum run_end *end)
{
    enum signal_wish wish = signals_take(run->signal_file);
    *end = wish == SIGNAL_STOP ? RUN_STOPPED : wish == SIGNAL_RELOAD ? RUN_RELOAD : RUN_FINISHED;
    return wish != SIGNAL_NONE || boot_reached(clock_boot(), run->end) || fleet_is_done(run->fleet);
}

bool run_loop(struct run *run, enum run_end *end, struct error *error)
{
    if (run->end.ms == 0) {
        run->end = run->settings.for_ms.known ? boot_after(clock_boot(), run->settings.for_ms.value)
                                              : BOOT_NEVER;
    }
    sd_notify(0, "READY=1\nSTATUS=recording");
    while (!is_over(run, end)) {
        if (!step(run, error)) {
            return false;
        }
    }
    sd_notify(0, *end == RUN_RELOAD ? "RELOADING=1" : "STOPPING=1");
    return finish(run, *end == RUN_RELOAD ? "the configuration is read again" : "posrec stops",
                  error);
}
