#include "service/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "ask/backfill.h"
#include "ask/host_sources.h"
#include "base/log.h"
#include "host/clock.h"
#include "host/descriptors.h"
#include "host/random.h"
#include "model/stream_message.h"
#include "service/descriptor_need.h"
#include "service/listener.h"
#include "service/recorder_life.h"
#include "stream/wire.h"

struct fleet_account {
    struct ask_account asked;  /* the first */
    struct backfill *backfill; /* NULL: none */
    bool backfill_is_over;
    struct listener listener;
    struct account_metrics figures;
};

struct fleet {
    struct transport *transport;
    fleet_capture *on_capture;
    void *context; /* of on_capture() */
    const char *version;
    struct ask_settings settings;
    struct ask *ask;
    struct maybe_int tick_count;
    bool backfills;
    struct sealer sealer;
    struct fleet_account *accounts;
    size_t account_count;
    int64_t streams_max; /* connections at once, as far as there are descriptors */
    size_t found;        /* the account that was looked for last: its neighbour often comes next */
    const struct account_metrics **figures; /* the accounts', for the metrics */
    struct stream_watch stream_watch;
    struct random random;
};

/* Where there are too few, streams have what requests leave. */
static void judge_descriptors(struct fleet *fleet, const struct account_settings *accounts,
                              size_t count)
{
    int64_t allowed = descriptors_raise();
    struct descriptor_need need = descriptor_need_of(accounts, count);
    fleet->streams_max = allowed - need.others;
    if (allowed < need.others + need.streams) {
        log_event(LOG_WARNING, "descriptors", LOG_INT("needed", need.others + need.streams),
                  LOG_INT("allowed", allowed),
                  LOG_TEXT("advice", "raise LimitNOFILE of the unit, or ulimit -n: until then some "
                                     "streams are not recorded"));
    }
}

static struct fleet_account *find_account(struct fleet *fleet, struct span name)
{
    for (size_t i = 0; i < fleet->account_count; i++) {
        size_t index = (fleet->found + i) % fleet->account_count;
        if (span_is(name, fleet->accounts[index].figures.name)) {
            fleet->found = index;
            return &fleet->accounts[index];
        }
    }
    return NULL;
}

static struct fleet_account *stream_owner(struct stream *stream)
{
    return (struct fleet_account *)((char *)stream -
                                    offsetof(struct fleet_account, listener.stream));
}

static bool send_request(void *context, const struct http_request *request, struct error *error)
{
    struct fleet *fleet = context;
    return transport_start(fleet->transport, request, error);
}

static void on_asked(void *context, struct ask_account *asked, struct capture *capture)
{
    struct fleet *fleet = context;
    (void)asked;
    fleet->on_capture(fleet->context, capture);
}

static void on_listen_key(void *context, struct ask_account *asked, struct span key)
{
    struct fleet_account *account = (struct fleet_account *)asked;
    const struct now now = clock_now();
    (void)context;
    stream_take_key(&account->listener.stream, key, &now);
    account->listener.next = now.boot;
}

static void on_stream_capture(void *context, struct stream *stream, const struct now *now,
                              struct capture *capture)
{
    struct fleet *fleet = context;
    struct ask_account *asked = &stream_owner(stream)->asked;
    bool is_up = capture->outcome == OUTCOME_OPENED;
    if (is_up || (capture->outcome == OUTCOME_OK &&
                  stream_message_moves_positions(asked->settings->exchange.product,
                                                 text_span(&capture->body)))) {
        positions_see_event(&asked->positions, now->boot);
    }
    if (is_up) {
        income_catch_up(&asked->income, now->boot);
    }
    ask_hear(fleet->ask, now, asked, capture);
}

static void on_key_gone(void *context, struct stream *stream, const struct now *now)
{
    (void)context;
    listen_key_renew(&stream_owner(stream)->asked.listen_key, now->boot);
}

static void connect_link(void *context, struct stream_link *link, const struct now *now)
{
    struct fleet *fleet = context;
    const struct ask_account *asked = &stream_owner(link->stream)->asked;
    way_note_connecting(asked->host->way, now->boot);
    wire_connect(link, asked->settings, fleet->transport, now);
    if (link->phase == LINK_IDLE) { /* it failed at once */
        way_note_connected(asked->host->way);
    }
}

static uint64_t random_of(void *context)
{
    struct fleet *fleet = context;
    return random_next(&fleet->random);
}

struct fleet *fleet_new(fleet_capture *on_capture, void *context, struct known *known,
                        const char *version, struct error *error)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL) {
        error_no_memory(error);
        return NULL;
    }
    fleet->on_capture = on_capture;
    fleet->context = context;
    fleet->version = version;
    fleet->settings = (struct ask_settings){
        .watch = {fleet, send_request, on_asked, on_listen_key},
        .known = known,
    };
    fleet->stream_watch =
        (struct stream_watch){fleet, on_stream_capture, on_key_gone, connect_link, random_of};
    fleet->random = random_start();
    return fleet;
}

void fleet_stop_streams(struct fleet *fleet, const char *why)
{
    const struct now now = clock_now();
    for (size_t i = 0; i < fleet->account_count; i++) {
        stream_stop(&fleet->accounts[i].listener.stream, why, &now);
    }
}

void fleet_ping_streams(struct fleet *fleet)
{
    const struct now now = clock_now();
    for (size_t i = 0; i < fleet->account_count; i++) {
        stream_ping(&fleet->accounts[i].listener.stream, &now);
        fleet->accounts[i].listener.next = now.boot;
    }
}

bool fleet_pings_wait(const struct fleet *fleet)
{
    bool wait = false;
    for (size_t i = 0; i < fleet->account_count; i++) {
        const struct stream *stream = &fleet->accounts[i].listener.stream;
        wait |= stream->links[stream->current].is_pinged;
    }
    return wait;
}

static void free_accounts(struct fleet *fleet)
{
    ask_free(fleet->ask);
    for (size_t i = 0; i < fleet->account_count; i++) {
        free(fleet->accounts[i].backfill);
    }
    free(fleet->accounts);
    free(fleet->figures);
}

void fleet_free(struct fleet *fleet)
{
    if (fleet != NULL) {
        fleet_stop_streams(fleet, NULL);
        transport_free(fleet->transport);
        free_accounts(fleet);
        free(fleet);
    }
}

static bool add_backfill(struct fleet *fleet, struct fleet_account *account, struct boot_time now,
                         struct error *error)
{
    account->backfill = calloc(1, sizeof *account->backfill);
    if (account->backfill == NULL) {
        return error_no_memory(error);
    }
    struct asker *asker = &account->backfill->asker;
    if (!ask_add_another(fleet->ask, &account->asked, asker, &SOURCE_BACKFILL, error)) {
        return false;
    }
    asker_want(asker, now);
    return true;
}

/* Says once how it ended. */
static void note_backfill(struct fleet_account *account)
{
    const struct backfill *backfill = account->backfill;
    if (backfill == NULL || account->backfill_is_over ||
        !(backfill->is_done || backfill->has_failed)) {
        return;
    }
    account->backfill_is_over = true;
    log_event(backfill->has_failed ? LOG_ERROR : LOG_INFO,
              backfill->has_failed ? "backfill_failed" : "backfilled",
              LOG_TEXT("account", account->figures.name), LOG_INT("requests", backfill->requests),
              LOG_TEXT("reason", backfill->has_failed ? backfill->error.text : NULL));
}

static void hear_recorder(struct fleet *fleet, struct fleet_account *account,
                          struct capture *capture)
{
    const struct now now = clock_now();
    ask_hear(fleet->ask, &now, &account->asked, capture);
}

static bool note_started(struct fleet *fleet, struct fleet_account *account, struct error *error)
{
    struct capture capture;
    if (fleet->version == NULL) {
        return true;
    }
    if (!recorder_life_started(account->asked.settings, fleet->version, &capture, error)) {
        return false;
    }
    hear_recorder(fleet, account, &capture);
    return true;
}

void fleet_note_stopped(struct fleet *fleet, const char *why)
{
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct fleet_account *account = &fleet->accounts[i];
        struct capture capture = recorder_life_stopped(account->asked.settings, why);
        hear_recorder(fleet, account, &capture);
    }
}

/* Makes one of the accounts; one that was there before keeps its figures. */
static bool make_account(struct fleet *fleet, struct fleet *before,
                         const struct account_settings *settings, struct fleet_account *account,
                         struct error *error)
{
    const struct now now = clock_now();
    const struct fleet_account *old = find_account(before, span_of(settings->account));
    if (!ask_add(fleet->ask, &account->asked, settings, &now, old == NULL, error)) {
        return false;
    }
    if (old != NULL) {
        account->figures = old->figures;
        account->asked.positions.ticks = old->asked.positions.ticks;
        account->asked.positions.skipped_ticks = old->asked.positions.skipped_ticks;
    }
    account->figures.name = settings->account;
    account->figures.has_stream = settings->stream_url != NULL;
    if (settings->lacks_stream_url) {
        log_event(LOG_WARNING, "stream_not_recorded", LOG_TEXT("account", settings->account),
                  LOG_TEXT("reason", "no stream_url is known for its base_url"));
    }
    if (fleet->backfills && !add_backfill(fleet, account, now.boot, error)) {
        return false;
    }
    return note_started(fleet, account, error) &&
           (settings->stream_url == NULL ||
            listener_start(&account->listener, &account->asked, &fleet->stream_watch, error));
}

bool fleet_configure(struct fleet *fleet, const struct account_settings *accounts, size_t count,
                     struct maybe_int tick_count, bool backfills, struct error *error)
{
    struct fleet before = *fleet;
    fleet_stop_streams(fleet, "the configuration is read again");
    transport_free(fleet->transport);
    judge_descriptors(fleet, accounts, count);
    fleet->settings.before = before.ask;
    fleet->tick_count = tick_count;
    fleet->backfills = backfills;
    fleet->transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    fleet->ask = ask_new(&fleet->settings, error);
    fleet->accounts = calloc(count, sizeof *fleet->accounts);
    fleet->figures = calloc(count, sizeof *fleet->figures);
    fleet->account_count = 0;
    bool done = fleet->transport != NULL && fleet->ask != NULL;
    done = done && ((fleet->accounts != NULL && fleet->figures != NULL) || error_no_memory(error));
    for (size_t i = 0; i < count && done; i++) {
        struct fleet_account *account = &fleet->accounts[i];
        done = make_account(fleet, &before, &accounts[i], account, error);
        fleet->figures[i] = &account->figures;
        fleet->account_count++;
    }
    free_accounts(&before);
    fleet->settings.before = NULL;
    return done;
}

bool fleet_seal(struct fleet *fleet, const struct sealer_settings *settings, struct seals *seals,
                struct error *error)
{
    const struct now now = clock_now();
    fleet->sealer = (struct sealer){.seals = seals};
    return ask_add_seal(fleet->ask, &fleet->accounts[0].asked, &fleet->sealer, settings, &now,
                        error);
}

static bool is_over(const struct fleet *fleet, const struct asker *positions)
{
    return fleet->tick_count.known && positions->ticks >= fleet->tick_count.value &&
           positions->flight == NULL && !(positions->is_wanted && positions->due.is_known);
}

bool fleet_is_done(const struct fleet *fleet)
{
    bool done = fleet->tick_count.known;
    for (size_t i = 0; i < fleet->account_count; i++) {
        done = done && is_over(fleet, &fleet->accounts[i].asked.positions);
    }
    return done;
}

/* The stream that connects next: one that never failed comes before those that did. */
static struct listener *next_to_connect(struct fleet *fleet, const struct now *now)
{
    struct listener *best = NULL;
    int64_t connections = 0;
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct listener *listener = &fleet->accounts[i].listener;
        connections += (listener->stream.links[0].phase != LINK_IDLE) +
                       (listener->stream.links[1].phase != LINK_IDLE);
        if (listener->wants_connection && way_may_connect(listener->asked->host->way, now->boot) &&
            (best == NULL || listener->stream.failures < best->stream.failures)) {
            best = listener;
        }
    }
    return connections < fleet->streams_max ? best : NULL;
}

static struct boot_time work_streams(struct fleet *fleet, const struct now *now)
{
    struct boot_time wake = BOOT_NEVER;
    struct listener *listener;
    for (size_t i = 0; i < fleet->account_count; i++) {
        listener_work(&fleet->accounts[i].listener, fleet->settings.known, now);
    }
    while ((listener = next_to_connect(fleet, now)) != NULL) {
        listener_connect(listener, now);
    }
    for (size_t i = 0; i < fleet->account_count; i++) {
        wake = boot_earlier(wake, listener_next(&fleet->accounts[i].listener, now->boot));
    }
    return wake;
}

struct boot_time fleet_work(struct fleet *fleet)
{
    const struct now now = clock_now();
    for (size_t i = 0; i < fleet->account_count && fleet->tick_count.known; i++) {
        struct ask_account *asked = &fleet->accounts[i].asked;
        asked->is_over = is_over(fleet, &asked->positions);
    }
    for (size_t i = 0; i < fleet->account_count && fleet->backfills; i++) {
        note_backfill(&fleet->accounts[i]);
    }
    struct boot_time wake = work_streams(fleet, &now);
    return boot_earlier(ask_work(fleet->ask, &now), wake);
}

static void take_response(struct fleet *fleet, struct http_response *response)
{
    const struct now now = clock_now();
    if (!response->is_channel) {
        ask_answer(fleet->ask, &now, response->owner, response);
        return;
    }
    struct stream_link *link = response->owner;
    struct fleet_account *account = stream_owner(link->stream);
    way_note_connected(account->asked.host->way);
    wire_take(link, response, account->asked.settings, &now);
    account->listener.next = now.boot;
}

bool fleet_wait(struct fleet *fleet, int wake_file, int timeout_ms, struct error *error)
{
    struct http_response response;
    struct stream_link *link;
    if (!transport_poll(fleet->transport, wake_file, timeout_ms, error)) {
        return false;
    }
    while (transport_take(fleet->transport, &response)) {
        take_response(fleet, &response);
        http_response_free(&response);
    }
    while ((link = transport_ready(fleet->transport)) != NULL) {
        const struct now now = clock_now();
        listener_read(&stream_owner(link->stream)->listener, link, &now);
    }
    return true;
}

size_t fleet_pending(const struct fleet *fleet)
{
    return ask_out(fleet->ask);
}

bool fleet_polls_wait(const struct fleet *fleet)
{
    return ask_polls_wait(fleet->ask);
}

void fleet_finish(struct fleet *fleet)
{
    ask_finish(fleet->ask);
}

void fleet_note_recorded(struct fleet *fleet, const struct capture *capture,
                         const struct recorded *recorded, bool contracts_are_old)
{
    const struct now now = clock_now();
    struct fleet_account *account = find_account(fleet, text_span(&capture->account));
    if (account == NULL) {
        return; /* of an account that a new configuration no longer has */
    }
    struct account_metrics *figures = &account->figures;
    figures->captures[capture->endpoint][capture->outcome]++;
    figures->received_bytes += (int64_t)capture->body.size;
    if (capture->sent_ms.known && capture->endpoint != ENDPOINT_TIMESTAMP) {
        histogram_add(&figures->latency, capture->received_ms - capture->sent_ms.value);
    }
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->outcome == OUTCOME_OK) {
        figures->last_good_ms = capture->received_ms;
        if (recorded->position_count > 0) {
            listener_note_change(&account->listener, now.boot);
        }
        if (contracts_are_old) {
            contracts_want(account->asked.host);
        }
    }
    if (capture->outcome == OUTCOME_STOPPED && stream_is_open(&account->listener.stream)) {
        /* It stopped because it could not write: of the stream, what comes from now on counts. */
        stream_renew(&account->listener.stream, &now);
        account->listener.next = now.boot;
    }
    ask_recorded(&now, &account->asked, capture, recorded);
}

void fleet_note_dropped(struct fleet *fleet, const struct capture *capture)
{
    const struct now now = clock_now();
    struct fleet_account *account = find_account(fleet, text_span(&capture->account));
    if (account != NULL) {
        ask_dropped(&now, &account->asked, capture);
    }
}

void fleet_fill_metrics(struct fleet *fleet, struct metrics *metrics)
{
    const struct now now = clock_now();
    const struct ask_host *host = ask_first_host(fleet->ask);
    const struct moment moment = exchange_clock_moment(&host->clock, &now);
    for (size_t i = 0; i < fleet->account_count; i++) {
        struct fleet_account *account = &fleet->accounts[i];
        account->figures.stream_is_up = stream_is_open(&account->listener.stream);
        account->figures.skipped_ticks = account->asked.positions.skipped_ticks;
    }
    metrics->accounts = fleet->figures;
    metrics->account_count = fleet->account_count;
    metrics->now_ms = moment.exchange.ms;
    metrics->used_weight = limits_used(&host->way->limits, moment.exchange);
    metrics->weight_limit = host->way->limits.weight_limit;
}
