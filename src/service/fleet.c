#include "service/fleet.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/schedule.h"
#include "service/venue.h"

/* Requests out at once. Others wait for a moment: each takes memory for its answer. */
#define IN_FLIGHT_MAX 64

/* One account. */
struct member {
    struct poller poller;
    struct schedule schedule;
    struct venue *venue;
    bool is_scheduled; /* the schedule starts once the exchange's clock was asked for */
    bool starts_at_once;
    int64_t ticks;
};

struct fleet {
    struct transport *transport;
    struct writer *writer;
    struct maybe_int tick_count;
    struct member *accounts;
    struct account_metrics *figures; /* figures[i] belongs to accounts[i] */
    size_t account_count;
    struct venue *venues;
    size_t venue_count;
    uint64_t random;
};

/* splitmix64: jitter needs to differ between processes, not to be secret. */
static uint64_t next_random(struct fleet *fleet)
{
    fleet->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = fleet->random;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static size_t find_account(const struct fleet *fleet, struct span name)
{
    size_t index = 0;
    while (index < fleet->account_count && !span_is(name, fleet->figures[index].name)) {
        index++;
    }
    return index;
}

static void free_accounts(struct member *accounts, size_t count, struct account_metrics *figures)
{
    for (size_t i = 0; i < count; i++) {
        poller_free(&accounts[i].poller);
    }
    free(accounts);
    free(figures);
}

struct fleet *fleet_new(struct writer *writer, struct error *error)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL) {
        error_no_memory(error);
        return NULL;
    }
    fleet->writer = writer;
    if (getrandom(&fleet->random, sizeof fleet->random, 0) < 0) {
        fleet->random = (uint64_t)clock_real_ms();
    }
    return fleet;
}

void fleet_free(struct fleet *fleet)
{
    if (fleet == NULL) {
        return;
    }
    transport_free(fleet->transport);
    free_accounts(fleet->accounts, fleet->account_count, fleet->figures);
    for (size_t i = 0; i < fleet->venue_count; i++) {
        venue_free(&fleet->venues[i]);
    }
    free(fleet->venues);
    free(fleet);
}

/* The venues of the new accounts; one that serves on keeps its clock and limits. Pollers point into
 * the array, so it is made in one piece. */
static bool make_venues(struct fleet *fleet, const struct poller_settings *settings,
                        size_t account_count, struct error *error)
{
    struct venue *venues = calloc(account_count, sizeof *venues);
    size_t count = 0;
    if (venues == NULL) {
        return error_no_memory(error);
    }
    int64_t real_ms = clock_real_ms(), monotonic_ms = clock_monotonic_ms();
    for (size_t i = 0; i < account_count; i++) {
        const struct poller_settings *account = &settings[i];
        size_t known = 0;
        while (known < count && !venue_serves(&venues[known], account)) {
            known++;
        }
        if (known < count) {
            continue;
        }
        venue_start(&venues[count], account, fleet->transport, real_ms, monotonic_ms);
        for (size_t old = 0; old < fleet->venue_count; old++) {
            if (venue_serves(&fleet->venues[old], account)) {
                venues[count].clock = fleet->venues[old].clock;
                venues[count].limits = fleet->venues[old].limits;
                venues[count].limits.share_percent = account->weight_share_percent;
            }
        }
        count++;
    }
    for (size_t i = 0; i < fleet->venue_count; i++) {
        venue_free(&fleet->venues[i]);
    }
    free(fleet->venues);
    fleet->venues = venues;
    fleet->venue_count = count;
    return true;
}

static struct venue *find_venue(struct fleet *fleet, const struct poller_settings *settings)
{
    size_t index = 0;
    while (index + 1 < fleet->venue_count && !venue_serves(&fleet->venues[index], settings)) {
        index++;
    }
    return &fleet->venues[index];
}

/* Says how often the accounts may be polled when they would need more weight than there is. */
static void judge_budget(const struct fleet *fleet, const struct venue *venue)
{
    struct limits_demand demand = {0};
    struct log_line line;
    for (size_t i = 0; i < fleet->account_count; i++) {
        if (fleet->accounts[i].venue == venue) {
            limits_demand_add(&demand, WEIGHT_POSITION_RISK,
                              fleet->accounts[i].poller.settings->interval_ms.value);
        }
    }
    int64_t budget = limits_budget(&venue->limits);
    if (demand.weight > (double)budget) {
        log_begin(&line, LOG_WARNING, "weight_budget");
        log_text(&line, "base_url", venue->settings->exchange.base_url);
        log_int(&line, "needed_a_minute", (int64_t)demand.weight);
        log_int(&line, "allowed_a_minute", budget);
        log_int(&line, "interval_ms_that_fits",
                limits_fitting_interval_ms(&venue->limits, &demand));
        log_end(&line);
    }
}

/* Requests that are out point to accounts that are about to go. */
static bool renew_transport(struct fleet *fleet, struct error *error)
{
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (transport == NULL) {
        return false;
    }
    transport_free(fleet->transport);
    fleet->transport = transport;
    return true;
}

/* Makes the member for an account; one that was there before keeps its figures. */
static void make_member(struct fleet *fleet, const struct poller_settings *settings,
                        struct member *member, struct account_metrics *figures)
{
    size_t old = find_account(fleet, span_of(settings->account));
    bool is_new = old == fleet->account_count;
    member->venue = find_venue(fleet, settings);
    member->starts_at_once = is_new;
    poller_start(&member->poller, settings, fleet->transport, &member->venue->clock);
    if (!is_new) {
        *figures = fleet->figures[old];
        member->ticks = fleet->accounts[old].ticks;
    }
    figures->name = settings->account;
}

bool fleet_configure(struct fleet *fleet, const struct poller_settings *accounts, size_t count,
                     struct maybe_int tick_count, struct error *error)
{
    struct member *members = calloc(count, sizeof *members);
    struct account_metrics *figures = calloc(count, sizeof *figures);
    if (members == NULL || figures == NULL || !renew_transport(fleet, error) ||
        !make_venues(fleet, accounts, count, error)) {
        free(members);
        free(figures);
        return error_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        make_member(fleet, &accounts[i], &members[i], &figures[i]);
    }
    free_accounts(fleet->accounts, fleet->account_count, fleet->figures);
    fleet->accounts = members;
    fleet->figures = figures;
    fleet->account_count = count;
    fleet->tick_count = tick_count;
    for (size_t i = 0; i < fleet->venue_count; i++) {
        judge_budget(fleet, &fleet->venues[i]);
    }
    return true;
}

static void log_account(enum log_level level, const char *event, const struct member *account,
                        const char *key, int64_t value)
{
    struct log_line line;
    log_begin(&line, level, event);
    log_text(&line, "account", account->poller.settings->account);
    log_int(&line, key, value);
    log_end(&line);
}

static void log_account_error(const struct member *account, const struct error *error)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "not_polled");
    log_text(&line, "account", account->poller.settings->account);
    log_text(&line, "reason", error->text);
    log_end(&line);
}

static void skip_ticks(struct fleet *fleet, struct member *account, int64_t count)
{
    fleet->figures[account - fleet->accounts].skipped_ticks += count;
    account->ticks += count;
    log_account(LOG_WARNING, "ticks_skipped", account, "count", count);
}

/* Starts what is due for one account. */
static void work_account(struct fleet *fleet, struct member *account, int64_t monotonic_ms)
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
            skip_ticks(fleet, account, skipped);
        }
        return;
    }
    if (skipped > 0) {
        skip_ticks(fleet, account, skipped);
    }
    if (started) {
        limits_note_sent(&venue->limits, now_ms, WEIGHT_POSITION_RISK);
    } else {
        log_account_error(account, &error);
    }
}

/* Whether --count asks no more of the account. */
static bool is_done(const struct fleet *fleet, const struct member *account)
{
    return fleet->tick_count.known && account->ticks >= fleet->tick_count.value &&
           !account->schedule.retry_is_due;
}

bool fleet_is_done(const struct fleet *fleet)
{
    if (!fleet->tick_count.known) {
        return false;
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        if (!is_done(fleet, &fleet->accounts[i]) ||
            fleet->accounts[i].poller.phase != POLLER_IDLE) {
            return false;
        }
    }
    return true;
}

void fleet_work(struct fleet *fleet, int64_t monotonic_ms)
{
    for (size_t i = 0; i < fleet->venue_count; i++) {
        venue_work(&fleet->venues[i], monotonic_ms);
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct member *account = &fleet->accounts[i];
        if (!is_done(fleet, account) && transport_pending(fleet->transport) < IN_FLIGHT_MAX) {
            work_account(fleet, account, monotonic_ms);
        }
    }
}

/* A key that is refused is said loudly each time; it is tried once a minute. */
static void log_refusal(const struct member *account)
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

static void take_poll(struct fleet *fleet, struct member *account, int64_t monotonic_ms)
{
    struct poller *poller = &account->poller;
    const struct capture *capture = &poller->capture;
    struct venue *venue = account->venue;
    struct error error;
    bool refused = endpoint_is_refused(capture);
    venue_note_answer(venue, monotonic_ms, capture, poller->retry_after_s);
    if (capture->api_code.known && capture->api_code.value == API_CODE_TIMESTAMP &&
        poller->clock_retried) {
        venue->clock_is_off = true;
    }
    enum schedule_end end = endpoint_is_outage(capture)                     ? SCHEDULE_OUTAGE
                            : refused && capture->outcome != OUTCOME_BANNED ? SCHEDULE_REFUSED
                                                                            : SCHEDULE_DONE;
    if (end == SCHEDULE_REFUSED) {
        log_refusal(account);
    }
    if (is_paused(venue, monotonic_ms)) {
        poller->phase = POLLER_IDLE;
    } else if (!poller_continue(poller, &error)) {
        log_account_error(account, &error);
    }
    if (poller->phase == POLLER_IDLE) {
        schedule_note(&account->schedule, venue_now_ms(venue, monotonic_ms), end,
                      next_random(fleet));
    }
    writer_add(fleet->writer, &poller->capture);
}

static void take_account_answer(struct fleet *fleet, struct member *account,
                                struct http_response *response, int64_t monotonic_ms)
{
    struct error error;
    account->poller.positions_follow &= !is_paused(account->venue, monotonic_ms);
    switch (poller_answer(&account->poller, response, &error)) {
    case POLLER_CAPTURED:
        take_poll(fleet, account, monotonic_ms);
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

static void take_answer(struct fleet *fleet, struct http_response *response, int64_t monotonic_ms)
{
    for (size_t i = 0; i < fleet->venue_count; i++) {
        struct venue *venue = &fleet->venues[i];
        if (response->owner == &venue->poller) {
            int64_t limit = venue->limits.weight_limit;
            if (venue_answer(venue, response, monotonic_ms)) {
                writer_add(fleet->writer, &venue->poller.capture);
            }
            if (venue->limits.weight_limit != limit) {
                judge_budget(fleet, venue);
            }
            return;
        }
    }
    /* A poller is the first member of its account. */
    take_account_answer(fleet, response->owner, response, monotonic_ms);
}

bool fleet_wait(struct fleet *fleet, int wake_file, int timeout_ms, struct error *error)
{
    struct http_response response;
    if (!transport_poll(fleet->transport, wake_file, timeout_ms, error)) {
        return false;
    }
    while (transport_take(fleet->transport, &response)) {
        take_answer(fleet, &response, clock_monotonic_ms());
        http_response_free(&response);
    }
    return true;
}

size_t fleet_pending(const struct fleet *fleet)
{
    return transport_pending(fleet->transport);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When an account has something to do next: its next tick, or a retry that the limits let out. */
static int64_t account_wake_ms(const struct member *account, int64_t monotonic_ms)
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

int64_t fleet_wake_monotonic_ms(struct fleet *fleet, int64_t monotonic_ms)
{
    int64_t wake_ms = INT64_MAX;
    for (size_t i = 0; i < fleet->venue_count; i++) {
        wake_ms = earlier(wake_ms, venue_wake_monotonic_ms(&fleet->venues[i], monotonic_ms));
    }
    /* With as many requests out as may be, an answer is what to wait for. */
    bool is_full = transport_pending(fleet->transport) >= IN_FLIGHT_MAX;
    for (size_t i = 0; i < fleet->account_count && !is_full; i++) {
        if (!is_done(fleet, &fleet->accounts[i])) {
            wake_ms = earlier(wake_ms, account_wake_ms(&fleet->accounts[i], monotonic_ms));
        }
    }
    return wake_ms;
}

void fleet_note_recorded(struct fleet *fleet, const struct capture *capture,
                         const struct recorded *recorded, bool contracts_are_old)
{
    size_t index = find_account(fleet, text_span(&capture->account));
    if (index == fleet->account_count) {
        return; /* of an account that a new configuration no longer has */
    }
    struct account_metrics *figures = &fleet->figures[index];
    figures->captures[capture->endpoint][capture->outcome]++;
    figures->received_bytes += (int64_t)capture->body.size;
    if (capture->sent_ms.known) {
        histogram_add(&figures->latency, capture->received_ms - capture->sent_ms.value);
    }
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->outcome == OUTCOME_OK) {
        figures->last_good_ms = capture->received_ms;
        if (recorded->new_contract_count > 0 || contracts_are_old) {
            venue_want_contracts(fleet->accounts[index].venue);
        }
    }
}

void fleet_fill_metrics(const struct fleet *fleet, int64_t monotonic_ms, struct metrics *metrics)
{
    const struct venue *venue = &fleet->venues[0];
    metrics->accounts = fleet->figures;
    metrics->account_count = fleet->account_count;
    metrics->now_ms = venue_now_ms(venue, monotonic_ms);
    metrics->used_weight = venue->limits.used_weight;
    metrics->weight_limit = venue->limits.weight_limit;
}
