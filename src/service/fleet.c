#include "service/fleet.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/time_text.h"
#include "model/stream_message.h"
#include "service/member.h"
#include "service/stream.h"

/* Requests out at once. Others wait for a moment: each takes memory for its answer. */
#define IN_FLIGHT_MAX 64

/* Of these, questions about money go out while no more than so many are: polls find room. */
#define MONEY_IN_FLIGHT_MAX 16

struct fleet {
    struct transport *transport;
    struct writer *writer;
    struct known *known;
    struct maybe_int tick_count;
    struct member *accounts;
    struct stream *streams;          /* streams[i] and */
    struct account_metrics *figures; /* figures[i] belong to accounts[i] */
    struct stream_watch stream_watch;
    size_t account_count;
    struct venue *venues;
    size_t venue_count;
    struct random random;
};

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
        money_free(&accounts[i].money);
    }
    free(accounts);
    free(figures);
}

/* Which element of an array with one for each account this, or a part of it, is; the count when it
 * is none. */
static size_t find_part(const struct fleet *fleet, const void *array, size_t size, const void *part)
{
    uintptr_t start = (uintptr_t)array, at = (uintptr_t)part;
    size_t index = at >= start ? (at - start) / size : fleet->account_count;
    return index < fleet->account_count ? index : fleet->account_count;
}

static size_t find_stream(const struct fleet *fleet, const void *part)
{
    return find_part(fleet, fleet->streams, sizeof *fleet->streams, part);
}

static size_t find_member(const struct fleet *fleet, const void *part)
{
    return find_part(fleet, fleet->accounts, sizeof *fleet->accounts, part);
}

static void on_stream_capture(void *context, struct stream *stream, struct capture *capture)
{
    struct fleet *fleet = context;
    struct member *account = &fleet->accounts[find_stream(fleet, stream)];
    account->event_poll_wanted |= capture->outcome == OUTCOME_OPENED ||
                                  (capture->outcome == OUTCOME_OK &&
                                   stream_message_moves_positions(text_span(&capture->body)));
    if (capture->outcome == OUTCOME_OPENED) {
        money_catch_up(&account->money, capture->received_ms);
    }
    writer_add(fleet->writer, capture);
}

static void on_stream_refused(void *context, struct stream *stream, const struct capture *capture)
{
    struct fleet *fleet = context;
    poller_log_refusal(fleet->accounts[find_stream(fleet, stream)].poller.settings->account,
                       capture);
}

static uint64_t random_of(void *context)
{
    struct fleet *fleet = context;
    return random_next(&fleet->random);
}

struct fleet *fleet_new(struct writer *writer, struct known *known, struct error *error)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL) {
        error_no_memory(error);
        return NULL;
    }
    fleet->writer = writer;
    fleet->known = known;
    fleet->stream_watch =
        (struct stream_watch){fleet, on_stream_capture, on_stream_refused, random_of};
    fleet->random = random_start();
    return fleet;
}

void fleet_stop_streams(struct fleet *fleet, const char *why)
{
    for (size_t i = 0; i < fleet->account_count; i++) {
        stream_stop(&fleet->streams[i], why);
    }
}

void fleet_free(struct fleet *fleet)
{
    if (fleet == NULL) {
        return;
    }
    fleet_stop_streams(fleet, NULL);
    transport_free(fleet->transport);
    free_accounts(fleet->accounts, fleet->account_count, fleet->figures);
    for (size_t i = 0; i < fleet->venue_count; i++) {
        venue_free(&fleet->venues[i]);
    }
    free(fleet->venues);
    free(fleet->streams);
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

/* Counts the weight that the accounts' schedules need, and says how often they may be polled when
 * it is more than there is. What is reserved is for polls: money takes what they leave. */
static void judge_budget(const struct fleet *fleet, struct venue *venue)
{
    struct limits_demand demand = {0};
    struct log_line line;
    for (size_t i = 0; i < fleet->account_count; i++) {
        if (fleet->accounts[i].venue == venue) {
            const struct poller_settings *settings = fleet->accounts[i].poller.settings;
            limits_demand_add(&demand, endpoint_weight(ENDPOINT_POSITION_RISK),
                              settings->interval_ms.value);
            money_add_demand(settings, &demand);
        }
    }
    int64_t budget = limits_budget(&venue->limits);
    venue->limits.scheduled_weight = (int64_t)(demand.weight - demand.fixed + 0.999);
    venue->limits.scheduled_round = (int64_t)demand.weight_each;
    if (demand.weight > (double)budget) {
        log_begin(&line, LOG_WARNING, "weight_budget");
        log_text(&line, "base_url", venue->settings->exchange.base_url);
        log_int(&line, "needed_a_minute", (int64_t)demand.weight);
        log_int(&line, "allowed_a_minute", budget);
        int64_t fitting_ms = limits_fitting_interval_ms(&venue->limits, &demand);
        if (fitting_ms > 0) {
            log_int(&line, "interval_ms_that_fits", fitting_ms);
        } else {
            log_text(&line, "advice", "record less (record), or from more addresses");
        }
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
    member->figures = figures;
    member->starts_at_once = is_new;
    poller_start(&member->poller, settings, fleet->transport, &member->venue->clock);
    money_start(&member->money, settings, fleet->transport, &member->venue->clock, fleet->known);
    if (!is_new) {
        *figures = fleet->figures[old];
        member->ticks = fleet->accounts[old].ticks;
    }
    figures->name = settings->account;
}

/* An account whose stream is wanted, and nobody knows where it is, is told so. */
static void log_lacking_stream(const struct poller_settings *settings)
{
    struct log_line line;
    if (settings->lacks_stream_url) {
        log_begin(&line, LOG_WARNING, "stream_not_recorded");
        log_text(&line, "account", settings->account);
        log_text(&line, "reason", "no stream_url is known for its base_url");
        log_end(&line);
    }
}

static bool start_streams(struct fleet *fleet, struct error *error)
{
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct member *account = &fleet->accounts[i];
        log_lacking_stream(account->poller.settings);
        if (!stream_start(&fleet->streams[i], account->poller.settings, fleet->transport,
                          &account->venue->clock, &fleet->stream_watch, error)) {
            return false;
        }
    }
    return true;
}

bool fleet_configure(struct fleet *fleet, const struct poller_settings *accounts, size_t count,
                     struct maybe_int tick_count, struct error *error)
{
    struct member *members = calloc(count, sizeof *members);
    struct account_metrics *figures = calloc(count, sizeof *figures);
    struct stream *streams = calloc(count, sizeof *streams);
    fleet_stop_streams(fleet, "the configuration was read again");
    if (members == NULL || figures == NULL || streams == NULL || !renew_transport(fleet, error) ||
        !make_venues(fleet, accounts, count, error)) {
        free(members);
        free(figures);
        free(streams);
        return error_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        make_member(fleet, &accounts[i], &members[i], &figures[i]);
    }
    free_accounts(fleet->accounts, fleet->account_count, fleet->figures);
    free(fleet->streams);
    fleet->accounts = members;
    fleet->figures = figures;
    fleet->streams = streams;
    fleet->account_count = count;
    fleet->tick_count = tick_count;
    for (size_t i = 0; i < fleet->venue_count; i++) {
        judge_budget(fleet, &fleet->venues[i]);
    }
    return start_streams(fleet, error);
}

bool fleet_is_done(const struct fleet *fleet)
{
    if (!fleet->tick_count.known) {
        return false;
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        if (!member_is_done(&fleet->accounts[i], fleet->tick_count) ||
            fleet->accounts[i].poller.phase != POLLER_IDLE) {
            return false;
        }
    }
    return true;
}

/* A change that polls show and a stream that was up all the while has not told: it may be deaf. */
static void check_stream(struct fleet *fleet, size_t index, int64_t monotonic_ms)
{
    struct member *member = &fleet->accounts[index];
    struct stream *stream = &fleet->streams[index];
    const char *account = member->poller.settings->account;
    int64_t open_ms = stream_open_ms(stream);
    struct maybe_int untold_ms;
    struct error error;
    if (member->tell_check_ms == 0 || monotonic_ms < member->tell_check_ms) {
        return;
    }
    bool again = monotonic_ms - member->changed_ms < STREAM_TELL_MS;
    member->tell_check_ms = again ? member->changed_ms + STREAM_TELL_MS : 0;
    if (open_ms == INT64_MAX ||
        (member->renewed_ms > 0 && monotonic_ms - member->renewed_ms < STREAM_RENEW_EVERY_MS)) {
        return;
    }
    int64_t now_ms = venue_now_ms(member->venue, monotonic_ms);
    int64_t from_ms = now_ms - (monotonic_ms - open_ms) + STREAM_CLOCKS_MS;
    if (!known_untold(fleet->known, account, from_ms, now_ms - STREAM_TELL_MS, &untold_ms,
                      &error) ||
        !untold_ms.known) {
        return;
    }
    struct log_line line;
    char time[TIME_TEXT_SIZE];
    time_text_format(untold_ms.value, time);
    log_begin(&line, LOG_WARNING, "stream_silent");
    log_text(&line, "account", account);
    log_text(&line, "changed", time);
    log_text(&line, "reason", "a poll shows a change that the stream has not told: renewed");
    log_end(&line);
    member->renewed_ms = monotonic_ms;
    stream_renew(stream);
}

/* Streams come after polls, whatever there is left of requests and weight. */
static void work_stream(struct fleet *fleet, size_t index, int64_t monotonic_ms)
{
    struct venue *venue = fleet->accounts[index].venue;
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    bool may_send = venue->clock_was_tried && transport_pending(fleet->transport) < IN_FLIGHT_MAX &&
                    limits_may_send(&venue->limits, now_ms, WEIGHT_LISTEN_KEY);
    int64_t weight = stream_work(&fleet->streams[index], monotonic_ms, may_send);
    if (weight > 0) {
        limits_note_sent(&venue->limits, now_ms, weight);
    }
}

/* Money comes last: it takes what polls leave. */
static void work_money(struct fleet *fleet, struct member *account, int64_t monotonic_ms)
{
    if (transport_pending(fleet->transport) < MONEY_IN_FLIGHT_MAX &&
        !member_is_done(account, fleet->tick_count)) {
        money_work(&account->money, venue_now_ms(account->venue, monotonic_ms),
                   &account->venue->limits);
    }
}

void fleet_work(struct fleet *fleet, int64_t monotonic_ms)
{
    for (size_t i = 0; i < fleet->venue_count; i++) {
        venue_work(&fleet->venues[i], monotonic_ms);
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct member *account = &fleet->accounts[i];
        if (!member_is_done(account, fleet->tick_count) &&
            transport_pending(fleet->transport) < IN_FLIGHT_MAX) {
            member_work(account, monotonic_ms);
        }
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        check_stream(fleet, i, monotonic_ms);
        work_stream(fleet, i, monotonic_ms);
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        work_money(fleet, &fleet->accounts[i], monotonic_ms);
    }
}

static bool answer_money(struct fleet *fleet, struct member *member, struct http_response *response,
                         int64_t monotonic_ms)
{
    struct venue *venue = member->venue;
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    struct money *money = &member->money;
    bool captured = money_answer(money, response, now_ms, venue_is_paused(venue, monotonic_ms),
                                 random_next(&fleet->random));
    venue_note_answer(venue, monotonic_ms, &money->poller.capture, money->poller.retry_after_s);
    return captured;
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
    size_t stream = find_stream(fleet, response->owner);
    if (stream < fleet->account_count) {
        stream_answer(&fleet->streams[stream], response, monotonic_ms);
        return;
    }
    struct member *member = &fleet->accounts[find_member(fleet, response->owner)];
    if (response->owner == &member->money.poller) {
        if (answer_money(fleet, member, response, monotonic_ms)) {
            writer_add(fleet->writer, &member->money.poller.capture);
        }
    } else if (member_answer(member, response, random_next(&fleet->random), monotonic_ms)) {
        writer_add(fleet->writer, &member->poller.capture);
    }
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
    void *link;
    while ((link = transport_ready(fleet->transport)) != NULL) {
        stream_read(link, clock_monotonic_ms());
    }
    return true;
}

size_t fleet_pending(const struct fleet *fleet)
{
    size_t count = 0;
    for (size_t i = 0; i < fleet->account_count; i++) {
        count += fleet->accounts[i].poller.phase != POLLER_IDLE;
        count += fleet->accounts[i].money.poller.phase != POLLER_IDLE;
    }
    for (size_t i = 0; i < fleet->venue_count; i++) {
        count += fleet->venues[i].poller.phase != POLLER_IDLE;
    }
    return count;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
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
        if (!member_is_done(&fleet->accounts[i], fleet->tick_count)) {
            struct member *account = &fleet->accounts[i];
            int64_t now_ms = venue_now_ms(account->venue, monotonic_ms);
            int64_t money_ms = money_wake_ms(&account->money, now_ms);
            wake_ms = earlier(wake_ms, member_wake_ms(account, monotonic_ms));
            wake_ms = earlier(wake_ms,
                              money_ms < INT64_MAX ? monotonic_ms + money_ms - now_ms : INT64_MAX);
        }
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        wake_ms = earlier(wake_ms, stream_wake_ms(&fleet->streams[i], monotonic_ms));
    }
    return wake_ms;
}

static void note_change(struct member *member)
{
    member->changed_ms = clock_monotonic_ms();
    if (member->tell_check_ms == 0) {
        member->tell_check_ms = member->changed_ms + STREAM_TELL_MS;
    }
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
    money_note_recorded(&fleet->accounts[index].money, capture, recorded->row_count);
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->outcome == OUTCOME_OK) {
        figures->last_good_ms = capture->received_ms;
        if (recorded->position_count > 0) {
            note_change(&fleet->accounts[index]);
        }
        if (recorded->new_contract_count > 0 || contracts_are_old) {
            venue_want_contracts(fleet->accounts[index].venue);
        }
    }
}

void fleet_fill_metrics(const struct fleet *fleet, int64_t monotonic_ms, struct metrics *metrics)
{
    const struct venue *venue = &fleet->venues[0];
    for (size_t i = 0; i < fleet->account_count; i++) {
        fleet->figures[i].has_stream = fleet->streams[i].settings != NULL;
        fleet->figures[i].stream_is_up = stream_is_open(&fleet->streams[i]);
    }
    metrics->accounts = fleet->figures;
    metrics->account_count = fleet->account_count;
    metrics->now_ms = venue_now_ms(venue, monotonic_ms);
    metrics->used_weight = venue->limits.used_weight;
    metrics->weight_limit = venue->limits.weight_limit;
}
