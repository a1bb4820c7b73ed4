#include "service/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/metrics.h"
#include "service/run_lock.h"
#include "service/schedule.h"
#include "service/signals.h"
#include "service/supervisor.h"
#include "service/venue.h"
#include "service/writer.h"

#define LOOP_WAIT_MS_MAX 1000

/* Requests out at once. Others wait for a moment: each takes memory for its answer. */
#define IN_FLIGHT_MAX 64

/* How long a locked database may hold the loop up; the poll waits in memory then. */
#define WRITE_BUSY_MS 50

/* Enough for the pages that polls go to; the service's memory is to stay small and flat. */
#define CACHE_KIB 512

/* The write-ahead log is taken over into the database file, and emptied, this often. */
#define CHECKPOINT_EVERY_MS 10000

#define METRICS_EVERY_MS 1000

/* How old what exchangeInfo said may be. */
#define CONTRACTS_AGE_MS_MAX (INT64_C(24) * 3600 * 1000)

struct run_account {
    struct poller poller;
    struct schedule schedule;
    struct venue *venue;
    bool is_scheduled; /* the schedule starts once the exchange's clock was asked for */
    bool starts_at_once;
    int64_t ticks;
};

struct run {
    const struct database *database;
    int lock_file;
    int signal_file;
    struct transport *transport;
    struct recorder *recorder;
    struct writer *writer;
    struct writer_watch watch;
    struct run_settings settings;
    struct run_account *accounts;
    struct account_metrics *figures; /* figures[i] belongs to accounts[i] */
    size_t account_count;
    struct venue *venues;
    size_t venue_count;
    struct histogram commit;
    uint64_t random;
    int64_t next_checkpoint_ms; /* monotonic, as all below */
    int64_t next_metrics_ms;
    int64_t next_alive_ms;
    int64_t end_ms;
    bool metrics_failed;
};

/* splitmix64: jitter needs to differ between processes, not to be secret. */
static uint64_t next_random(struct run *run)
{
    run->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = run->random;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static size_t find_account(const struct run *run, struct span name)
{
    size_t index = 0;
    while (index < run->account_count && !span_is(name, run->figures[index].name)) {
        index++;
    }
    return index;
}

/* A poll is committed: count it, and see whether contracts are to be asked for. */
static void on_recorded(void *context, const struct capture *capture,
                        const struct recorded *recorded)
{
    struct run *run = context;
    size_t index = find_account(run, text_span(&capture->account));
    if (index == run->account_count) {
        return; /* of an account that a new configuration no longer has */
    }
    struct account_metrics *figures = &run->figures[index];
    figures->polls[capture->outcome]++;
    figures->received_bytes += (int64_t)capture->body.size;
    if (capture->sent_ms.known) {
        histogram_add(&figures->latency, capture->received_ms - capture->sent_ms.value);
    }
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->outcome == OUTCOME_OK) {
        int64_t read_ms;
        struct error ignored;
        figures->last_good_ms = capture->received_ms;
        if (recorded->new_contract_count > 0 ||
            (recorder_exchange_info_ms(run->recorder, &read_ms, &ignored) &&
             (read_ms == INT64_MIN || capture->received_ms - read_ms > CONTRACTS_AGE_MS_MAX))) {
            venue_want_contracts(run->accounts[index].venue);
        }
    }
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
    if (getrandom(&run->random, sizeof run->random, 0) < 0) {
        run->random = (uint64_t)clock_real_ms();
    }
    if (run_lock_take(database->path, &run->lock_file, error) &&
        database_set_cache_kib(database, CACHE_KIB, error) &&
        signals_open(&run->signal_file, error) &&
        (run->transport = transport_new(CAPTURE_BODY_SIZE_MAX, error)) != NULL &&
        (run->recorder = recorder_new(database, true, error)) != NULL &&
        (run->writer = writer_new(run->recorder, &run->watch, error)) != NULL) {
        database_set_busy_ms(database, WRITE_BUSY_MS);
        return run;
    }
    run_free(run);
    return NULL;
}

static void free_accounts(struct run_account *accounts, size_t count,
                          struct account_metrics *figures)
{
    for (size_t i = 0; i < count; i++) {
        poller_free(&accounts[i].poller);
    }
    free(accounts);
    free(figures);
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    if (run->writer != NULL) {
        database_set_busy_ms(run->database, DATABASE_BUSY_MS);
        writer_flush_last(run->writer);
    }
    transport_free(run->transport);
    free_accounts(run->accounts, run->account_count, run->figures);
    for (size_t i = 0; i < run->venue_count; i++) {
        venue_free(&run->venues[i]);
    }
    free(run->venues);
    writer_free(run->writer);
    recorder_free(run->recorder);
    signals_close(run->signal_file);
    if (run->lock_file >= 0) {
        close(run->lock_file);
    }
    free(run);
}

/* The venues of the new accounts; one that serves on keeps its clock and limits. Pollers point into
 * the array, so it is made in one piece. */
static bool make_venues(struct run *run, const struct run_settings *settings, struct error *error)
{
    struct venue *venues = calloc(settings->account_count, sizeof *venues);
    size_t count = 0;
    if (venues == NULL) {
        return error_no_memory(error);
    }
    int64_t real_ms = clock_real_ms(), monotonic_ms = clock_monotonic_ms();
    for (size_t i = 0; i < settings->account_count; i++) {
        const struct poller_settings *account = &settings->accounts[i];
        size_t known = 0;
        while (known < count && !venue_serves(&venues[known], account)) {
            known++;
        }
        if (known < count) {
            continue;
        }
        venue_start(&venues[count], account, run->transport, real_ms, monotonic_ms);
        for (size_t old = 0; old < run->venue_count; old++) {
            if (venue_serves(&run->venues[old], account)) {
                venues[count].clock = run->venues[old].clock;
                venues[count].limits = run->venues[old].limits;
            }
        }
        count++;
    }
    for (size_t i = 0; i < run->venue_count; i++) {
        venue_free(&run->venues[i]);
    }
    free(run->venues);
    run->venues = venues;
    run->venue_count = count;
    return true;
}

static struct venue *find_venue(struct run *run, const struct poller_settings *settings)
{
    size_t index = 0;
    while (index + 1 < run->venue_count && !venue_serves(&run->venues[index], settings)) {
        index++;
    }
    return &run->venues[index];
}

/* Says how often the accounts may be polled when they would need more weight than there is. */
static void judge_budget(const struct run *run, const struct venue *venue)
{
    double needed = 0, polls = 0;
    struct log_line line;
    for (size_t i = 0; i < run->account_count; i++) {
        if (run->accounts[i].venue == venue) {
            int64_t interval_ms = run->accounts[i].poller.settings->interval_ms.value;
            needed += 60000.0 * WEIGHT_POSITION_RISK / (double)interval_ms;
            polls += 60000.0 * WEIGHT_POSITION_RISK;
        }
    }
    double budget = (double)limits_budget(&venue->limits);
    if (needed > budget) {
        log_begin(&line, LOG_WARNING, "weight_budget");
        log_text(&line, "base_url", venue->settings->exchange.base_url);
        log_int(&line, "needed_a_minute", (int64_t)needed);
        log_int(&line, "allowed_a_minute", (int64_t)budget);
        log_int(&line, "interval_ms_that_fits", (int64_t)(polls / budget) + 1);
        log_end(&line);
    }
}

bool run_configure(struct run *run, const struct run_settings *settings, struct error *error)
{
    size_t count = settings->account_count;
    struct run_account *accounts = calloc(count, sizeof *accounts);
    struct account_metrics *figures = calloc(count, sizeof *figures);
    if (accounts == NULL || figures == NULL || !make_venues(run, settings, error)) {
        free(accounts);
        free(figures);
        return error_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const struct poller_settings *account = &settings->accounts[i];
        struct venue *venue = find_venue(run, account);
        size_t old = find_account(run, span_of(account->account));
        accounts[i].venue = venue;
        accounts[i].starts_at_once = old == run->account_count;
        poller_start(&accounts[i].poller, account, run->transport, &venue->clock);
        if (old < run->account_count) {
            figures[i] = run->figures[old];
            accounts[i].ticks = run->accounts[old].ticks;
        }
        figures[i].name = account->account;
    }
    free_accounts(run->accounts, run->account_count, run->figures);
    run->accounts = accounts;
    run->figures = figures;
    run->account_count = count;
    run->settings = *settings;
    for (size_t i = 0; i < run->venue_count; i++) {
        judge_budget(run, &run->venues[i]);
    }
    return true;
}

static void log_account(enum log_level level, const char *event, const struct run_account *account,
                        const char *key, int64_t value)
{
    struct log_line line;
    log_begin(&line, level, event);
    log_text(&line, "account", account->poller.settings->account);
    log_int(&line, key, value);
    log_end(&line);
}

static void log_account_error(const struct run_account *account, const struct error *error)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "not_polled");
    log_text(&line, "account", account->poller.settings->account);
    log_text(&line, "reason", error->text);
    log_end(&line);
}

static void skip_ticks(struct run *run, struct run_account *account, int64_t count)
{
    run->figures[account - run->accounts].skipped_ticks += count;
    account->ticks += count;
    log_account(LOG_WARNING, "ticks_skipped", account, "count", count);
}

/* Starts what is due for one account. */
static void work_account(struct run *run, struct run_account *account, int64_t monotonic_ms)
{
    struct venue *venue = account->venue;
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    int64_t due_ms, skipped;
    struct error error;
    bool started = true;
    if (!venue->clock_was_tried) {
        return;
    }
    if (!account->is_scheduled) {
        account->is_scheduled = true;
        account->schedule = schedule_start(account->poller.settings->interval_ms.value, now_ms,
                                           account->starts_at_once);
    }
    bool is_busy = account->poller.phase != POLLER_IDLE;
    bool may_send = limits_may_send(&venue->limits, now_ms, WEIGHT_POSITION_RISK);
    switch (schedule_work(&account->schedule, now_ms, is_busy || !may_send, &due_ms, &skipped)) {
    case SCHEDULE_TICK:
        account->ticks++;
        started = poller_begin_tick(&account->poller, maybe_of(due_ms), &error);
        break;
    case SCHEDULE_RETRY:
        started = poller_retry(&account->poller, &error);
        break;
    case SCHEDULE_WAIT:
        if (skipped > 0) {
            skip_ticks(run, account, skipped);
        }
        return;
    }
    if (skipped > 0) {
        skip_ticks(run, account, skipped);
    }
    if (started) {
        limits_note_sent(&venue->limits, now_ms, WEIGHT_POSITION_RISK);
    } else {
        log_account_error(account, &error);
    }
}

/* Whether --count asks no more of the account. */
static bool is_done(const struct run *run, const struct run_account *account)
{
    return run->settings.tick_count.known && account->ticks >= run->settings.tick_count.value &&
           !account->schedule.retry_is_due;
}

static bool counts_are_done(const struct run *run)
{
    if (!run->settings.tick_count.known) {
        return false;
    }
    for (size_t i = 0; i < run->account_count; i++) {
        if (!is_done(run, &run->accounts[i]) || run->accounts[i].poller.phase != POLLER_IDLE) {
            return false;
        }
    }
    return true;
}

static void start_due(struct run *run, int64_t monotonic_ms)
{
    for (size_t i = 0; i < run->venue_count; i++) {
        venue_work(&run->venues[i], monotonic_ms);
    }
    for (size_t i = 0; i < run->account_count; i++) {
        struct run_account *account = &run->accounts[i];
        if (!is_done(run, account) && transport_pending(run->transport) < IN_FLIGHT_MAX) {
            work_account(run, account, monotonic_ms);
        }
    }
}

/* A key that is refused is said loudly each time; it is tried once a minute. */
static void log_refusal(const struct run_account *account)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "refused");
    log_text(&line, "account", account->poller.settings->account);
    log_text(&line, "detail", text_string(&account->poller.capture.detail));
    log_text(&line, "advice", "check key, permissions and allowed addresses at the exchange");
    log_end(&line);
}

static bool is_paused(const struct venue *venue, int64_t monotonic_ms)
{
    return venue_now_ms(venue, monotonic_ms) < venue->limits.paused_until_ms;
}

static void take_poll(struct run *run, struct run_account *account, int64_t monotonic_ms)
{
    struct poller *poller = &account->poller;
    const struct capture *capture = &poller->capture;
    struct venue *venue = account->venue;
    struct error error;
    bool refused = endpoint_is_refused(capture);
    venue_note_answer(venue, monotonic_ms, capture, poller->retry_after_s);
    if (refused && capture->outcome != OUTCOME_BANNED) {
        log_refusal(account);
    }
    if (capture->api_code.known && capture->api_code.value == API_CODE_TIMESTAMP &&
        poller->clock_retried) {
        venue->clock_is_off = true;
    }
    enum outcome outcome = capture->outcome;
    if (is_paused(venue, monotonic_ms)) {
        poller->phase = POLLER_IDLE;
    } else if (!poller_continue(poller, &error)) {
        log_account_error(account, &error);
    }
    if (poller->phase == POLLER_IDLE) {
        schedule_note(&account->schedule, venue_now_ms(venue, monotonic_ms), outcome, refused,
                      next_random(run));
    }
    writer_add(run->writer, &poller->capture);
}

static void take_account_answer(struct run *run, struct run_account *account,
                                struct http_response *response, int64_t monotonic_ms)
{
    struct error error;
    account->poller.positions_follow &= !is_paused(account->venue, monotonic_ms);
    switch (poller_answer(&account->poller, response, &error)) {
    case POLLER_CAPTURED:
        take_poll(run, account, monotonic_ms);
        break;
    case POLLER_MEASURED:
        venue_note_answer(account->venue, monotonic_ms, &account->poller.capture,
                          account->poller.retry_after_s);
        break;
    case POLLER_FAILED:
        account->poller.phase = POLLER_IDLE;
        log_account_error(account, &error);
        break;
    case POLLER_WAITING:
        break;
    }
}

static void take_answer(struct run *run, struct http_response *response, int64_t monotonic_ms)
{
    for (size_t i = 0; i < run->venue_count; i++) {
        struct venue *venue = &run->venues[i];
        if (response->owner == &venue->poller) {
            int64_t limit = venue->limits.weight_limit;
            if (venue_answer(venue, response, monotonic_ms)) {
                writer_add(run->writer, &venue->poller.capture);
            }
            if (venue->limits.weight_limit != limit) {
                judge_budget(run, venue);
            }
            return;
        }
    }
    /* A poller is the first member of its account. */
    take_account_answer(run, response->owner, response, monotonic_ms);
}

static void take_answers(struct run *run, int64_t monotonic_ms)
{
    struct http_response response;
    while (transport_take(run->transport, &response)) {
        take_answer(run, &response, monotonic_ms);
        http_response_free(&response);
    }
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

static void write_metrics(struct run *run, int64_t monotonic_ms)
{
    struct stat info;
    struct error error;
    if (run->settings.metrics_file == NULL || monotonic_ms < run->next_metrics_ms) {
        return;
    }
    const struct venue *venue = &run->venues[0];
    struct metrics metrics = {
        .accounts = run->figures,
        .account_count = run->account_count,
        .commit = run->commit,
        .now_ms = venue_now_ms(venue, monotonic_ms),
        .used_weight = venue->limits.used_weight,
        .weight_limit = venue->limits.weight_limit,
        .waiting = (int64_t)writer_waiting(run->writer),
        .dropped = writer_dropped(run->writer),
        .database_bytes = stat(run->database->path, &info) == 0 ? info.st_size : 0,
    };
    run->next_metrics_ms = monotonic_ms + METRICS_EVERY_MS;
    bool written = metrics_write(&metrics, run->settings.metrics_file, &error);
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

/* When an account has something to do next: its next tick, or a retry that the limits let out. */
static int64_t account_wake_ms(const struct run_account *account, int64_t monotonic_ms)
{
    const struct schedule *schedule = &account->schedule;
    int64_t now_ms = venue_now_ms(account->venue, monotonic_ms);
    if (!account->is_scheduled) {
        return account->venue->clock_was_tried ? monotonic_ms : INT64_MAX;
    }
    int64_t due_ms = monotonic_ms + schedule->next_due_ms - now_ms;
    if (!schedule->retry_is_due || account->poller.phase != POLLER_IDLE) {
        return due_ms;
    }
    int64_t retry_ms = monotonic_ms + schedule->retry_ms - now_ms;
    int64_t open_ms = venue_open_monotonic_ms(account->venue, monotonic_ms);
    return earlier(due_ms, retry_ms > open_ms ? retry_ms : open_ms);
}

/* How long nothing is to be done, at most LOOP_WAIT_MS_MAX. */
static int wait_ms(struct run *run, int64_t monotonic_ms)
{
    int64_t wake_ms = monotonic_ms + LOOP_WAIT_MS_MAX;
    for (size_t i = 0; i < run->venue_count; i++) {
        wake_ms = earlier(wake_ms, venue_wake_monotonic_ms(&run->venues[i], monotonic_ms));
    }
    /* With as many requests out as may be, an answer is what to wait for. */
    bool is_full = transport_pending(run->transport) >= IN_FLIGHT_MAX;
    for (size_t i = 0; i < run->account_count && !is_full; i++) {
        if (!is_done(run, &run->accounts[i])) {
            wake_ms = earlier(wake_ms, account_wake_ms(&run->accounts[i], monotonic_ms));
        }
    }
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
    while (transport_pending(run->transport) > 0 && (now_ms = clock_monotonic_ms()) < end_ms) {
        if (!transport_poll(run->transport, -1, (int)(end_ms - now_ms), error)) {
            return false;
        }
        struct http_response response;
        while (transport_take(run->transport, &response)) {
            take_answer(run, &response, now_ms);
            http_response_free(&response);
        }
        stay_alive(run, now_ms);
    }
    writer_flush(run->writer, clock_monotonic_ms());
    return true;
}

/* Gives up the requests that are out, so that accounts may be set anew. */
static bool renew_transport(struct run *run, struct error *error)
{
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (transport == NULL) {
        return false;
    }
    transport_free(run->transport);
    run->transport = transport;
    return true;
}

static bool step(struct run *run, struct error *error)
{
    int64_t monotonic_ms = clock_monotonic_ms();
    start_due(run, monotonic_ms);
    if (!transport_poll(run->transport, run->signal_file, wait_ms(run, clock_monotonic_ms()),
                        error)) {
        return false;
    }
    monotonic_ms = clock_monotonic_ms();
    take_answers(run, monotonic_ms);
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
    return clock_monotonic_ms() >= run->end_ms || counts_are_done(run);
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
    return finish(run, error) && (*end != RUN_RELOAD || renew_transport(run, error));
}
