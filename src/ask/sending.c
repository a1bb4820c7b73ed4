#include <openssl/crypto.h>
#include <stdlib.h>

#include "ask/engine.h"
#include "ask/host_sources.h"

/* What has waited for so long has the turn, and the weight, of a poll on its schedule. */
#define ROOM_WAIT_MS 60000
#define WEIGHT_WAIT_MS (INT64_C(10) * 60 * 1000)

/* A doubt about the clock holds things up for so long. */
#define DOUBT_MS_MAX 30000

/* A failure of our own is tried again after this. */
#define FAILURE_WAIT_MS 1000

/* How each priority stands back: for so long behind what has waited as long, and when so many
 * requests are out to its host. */
static const struct {
    int64_t behind_ms;
    int out_max;
} RANKS[PRIORITY_COUNT] = {
    [PRIORITY_CLOCK] = {0, HOST_OUT_MAX + 1},        [PRIORITY_TICK] = {0, HOST_OUT_MAX},
    [PRIORITY_EVENT] = {500, HOST_OUT_MAX},          [PRIORITY_KEY] = {1000, HOST_OUT_MAX * 3 / 4},
    [PRIORITY_CONTRACTS] = {1000, HOST_OUT_MAX},     [PRIORITY_ACCOUNT] = {5000, HOST_OUT_MAX / 4},
    [PRIORITY_MONEY] = {10000, HOST_OUT_MAX / 4},    [PRIORITY_PRICES] = {15000, HOST_OUT_MAX / 4},
    [PRIORITY_BACKFILL] = {60000, HOST_OUT_MAX / 8}, [PRIORITY_SEAL] = {60000, HOST_OUT_MAX},
};

/* A question that is due, and what keeps it from going out. */
struct chance {
    bool may_go;
    struct boot_time again; /* else look again then; BOOT_NEVER when an answer will tell */
};

/* How much of the host's room is taken. */
static int out_of(const struct ask_host *host)
{
    return host->out - (host->hanging < HOST_HANGING_MAX ? host->hanging : HOST_HANGING_MAX);
}

/* One question about money at a time. */
static bool is_answering(const struct ask_account *account)
{
    return account->balances.flight != NULL || account->income.asker.flight != NULL ||
           account->trades.asker.flight != NULL;
}

static struct chance chance_of(struct asker *asker, const struct now *now)
{
    struct ask_host *host = asker->host;
    struct way *way = host->way;
    struct chance chance = {.again = BOOT_NEVER};
    bool asks_time = asker->source == &SOURCE_TIME;
    struct boot_time since = boot_later(asker->not_before, asker->refused_until);
    int64_t waited_ms = boot_since(now->boot, since);
    enum priority priority = waited_ms > ROOM_WAIT_MS ? PRIORITY_TICK : asker->priority;
    if (limits_are_paused(&way->limits, now->boot)) {
        chance.may_go = asks_time && limits_may_probe(&way->limits, now->boot);
        chance.again = asks_time ? boot_earlier(way->limits.next_probe, way->limits.paused_until)
                                 : way->limits.paused_until;
        return chance;
    }
    if ((!asks_time && !host->time_was_tried) || out_of(host) >= RANKS[priority].out_max ||
        way->out >= WAY_OUT_MAX ||
        (asker->account != NULL && asker->priority >= PRIORITY_ACCOUNT &&
         is_answering(asker->account))) {
        return chance;
    }
    const struct moment moment = way_moment(host, now);
    int64_t weight = endpoint_weight(&asker_settings(asker)->exchange, asker->endpoint);
    bool may_share = asker->priority <= PRIORITY_TICK || asker->priority == PRIORITY_KEY ||
                     asker->priority == PRIORITY_CONTRACTS || waited_ms > WEIGHT_WAIT_MS;
    chance.may_go = may_share ? limits_may_send(&way->limits, &moment, weight)
                              : limits_may_send_extra(&way->limits, &moment, weight);
    if (!chance.may_go) {
        chance.again = may_share ? limits_next(&way->limits, &moment)
                                 : boot_earlier(limits_next(&way->limits, &moment),
                                                boot_after(now->boot, FAILURE_WAIT_MS));
    }
    return chance;
}

/* What the capture can say before there is an answer. */
static void begin_capture(struct asker *asker, const struct question *question,
                          struct capture *capture)
{
    capture_clear(capture);
    text_append_string(&capture->account, asker_settings(asker)->account);
    capture->endpoint =
        question->endpoint == ENDPOINT_LISTEN_KEY ? ENDPOINT_USER_DATA : question->endpoint;
    capture->interval_ms = asker->interval_ms;
    capture->attempt = asker->attempt;
}

/* The ticks' time, of the clock that there is now: all tries of a tick say the same. */
static struct due due_now(struct asker *asker, const struct now *now)
{
    const struct exchange_clock *clock = &asker->host->clock;
    if (asker->due.is_known && asker->due.epoch != clock->epoch) {
        asker->due.exchange = exchange_clock_at(clock, now, asker->due.boot);
        asker->due.epoch = clock->epoch;
    }
    return asker->due;
}

static bool send_flight(struct ask *ask, const struct now *now, struct asker *asker,
                        struct flight *flight, struct error *error)
{
    const struct account_settings *settings = asker_settings(asker);
    const struct source *source = asker->source;
    struct ask_host *host = asker->host;
    enum endpoint endpoint = flight->question.endpoint;
    int64_t timeout_ms = source->timeout_ms_max > 0 && source->timeout_ms_max < settings->timeout_ms
                             ? source->timeout_ms_max
                             : settings->timeout_ms;
    struct text url = {0}, body = {0};
    begin_capture(asker, &flight->question, &flight->capture);
    bool sent = endpoint_ask(&settings->exchange, &flight->question,
                             exchange_clock_timestamp(&host->clock, now), &url,
                             &flight->capture.request, error) &&
                endpoint_body(&flight->question, &body, error);
    const struct http_request request = {
        .method = endpoint_method(endpoint),
        .url = text_string(&url),
        .api_key = endpoint_has_key(endpoint)
                       ? text_string(&settings->exchange.credentials->api_key)
                       : NULL,
        .body = {body.data, body.size},
        .body_type = ENDPOINT_BODY_TYPE,
        .accepted_type = ENDPOINT_ACCEPTED_TYPE,
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
        .timeout_ms = timeout_ms,
        .idle_ms_max = boot_since(now->boot, host->trouble_at),
        .owner = asker,
    };
    sent = sent && ask->settings.watch.send(ask->settings.watch.context, &request, error);
    if (url.data != NULL) {
        OPENSSL_cleanse(url.data, url.capacity);
    }
    text_free(&url);
    text_free(&body);
    return sent;
}

/* Asks its next question, if it has one. */
static void go(struct ask *ask, const struct now *now, struct asker *asker)
{
    struct ask_host *host = asker->host;
    struct way *way = host->way;
    const struct exchange_clock *clock = asker_clock(asker);
    const struct moment moment = exchange_clock_moment(clock, now);
    struct error error = {0};
    struct flight *flight = calloc(1, sizeof *flight);
    bool sent = flight != NULL || error_no_memory(&error);
    if (sent) {
        flight->question.endpoint = asker->endpoint;
        sent = asker->source->question == NULL ||
               asker->source->question(asker, &moment, &flight->question, &error);
    }
    if (sent) {
        asker->flight = flight;
        flight->due = due_now(asker, now);
        asker->asked_at = now->boot;
        flight->at = moment;
        flight->sent = (struct limits_sent){
            way_moment(host, now),
            endpoint_weight(&asker_settings(asker)->exchange, asker->endpoint)};
        flight->epoch = (struct maybe_int){exchange_clock_is_known(clock, now->boot), clock->epoch};
        flight->is_probe = limits_are_paused(&way->limits, now->boot);
        sent = send_flight(ask, now, asker, flight, &error);
    }
    ask_touch(asker);
    if (!sent) {
        if (error.kind != ERROR_NONE) {
            ask_log_failure(asker, asker->endpoint, &error);
            host->time_was_tried |= asker->source == &SOURCE_TIME;
            asker->is_wanted &= !ask->settings.is_round;
            asker->not_before =
                boot_later(asker->not_before, boot_after(now->boot, FAILURE_WAIT_MS));
        }
        asker->flight = flight;
        flight_free(asker);
        return;
    }
    asker->is_wanted = false;
    if (flight->is_probe) {
        limits_note_probe(&way->limits, now->boot);
    }
    limits_note_sent(&way->limits, &flight->sent);
    host->out++;
    way->out++;
    ask->out += asker_holds_up(asker);
}

/* Brings a turn that has come up to date. Whether it has something to ask. */
static bool look_at(struct turn *turn, const struct now *now)
{
    struct asker *asker = turn->asker;
    if (turn->due.ms != INT64_MIN && turn->looked.ms == now->boot.ms) {
        return true; /* nothing has touched it since */
    }
    asker_take_ticks(asker, now);
    turn->due = asker_next(asker, now);
    if (!boot_reached(now->boot, turn->due)) {
        return false;
    }
    if (asker->flight != NULL && asker->flight->is_committing) {
        flight_free(asker);
        ask_touch(asker);
        if (asker->schedule.interval_ms == 0) {
            asker_want(asker, now->boot);
        }
        return false;
    }
    if (asker->flight != NULL) {
        asker->flight->is_hanging = true;
        asker->host->hanging++;
        ask_touch(asker);
        return false;
    }
    const struct ask_account *account = asker->account;
    bool is_over = account != NULL && account->is_over && asker->source != &SOURCE_LISTEN_KEY;
    bool is_shut = asker->source != &SOURCE_TIME && asker->host->ask->settings.is_round &&
                   limits_are_paused(&asker->host->way->limits, now->boot);
    if (is_over || is_shut) {
        asker_rest(asker);
        return false;
    }
    turn->looked = now->boot;
    return true;
}

/* The asker that goes next, NULL for none; *wake: when one more may. */
static struct asker *choose(struct ask *ask, const struct now *now, struct boot_time *wake)
{
    struct asker *best = NULL;
    int64_t best_rank = INT64_MAX;
    *wake = BOOT_NEVER;
    ask->polls_wait = false;
    for (size_t i = 0; i < ask->turn_count; i++) {
        struct turn *turn = &ask->turns[(ask->first + i) % ask->turn_count];
        if (boot_reached(now->boot, turn->due) && look_at(turn, now)) {
            struct asker *asker = turn->asker;
            int64_t rank = boot_later(asker->not_before, asker->refused_until).ms +
                           RANKS[asker->priority].behind_ms;
            if (rank >= best_rank) {
                continue;
            }
            struct chance chance = chance_of(asker, now);
            if (chance.may_go) {
                best = asker;
                best_rank = rank;
            } else {
                ask->polls_wait |= asker->priority == PRIORITY_TICK &&
                                   chance.again.ms == BOOT_NEVER.ms && asker->due.is_known &&
                                   boot_since(now->boot, asker->due.boot) < ASK_ON_TIME_MS;
                *wake = boot_earlier(*wake, chance.again);
                *wake = boot_earlier(*wake, asker_next_tick(asker, now));
            }
        } else {
            *wake = boot_earlier(*wake, turn->due.ms == INT64_MIN ? now->boot : turn->due);
        }
    }
    return best;
}

/* Where the time cannot be asked for (a pause, no weight), what is known has to serve. */
static void end_doubt(struct ask_host *host, const struct now *now)
{
    if (!host->clock.is_doubted) {
        host->doubted_at = (struct boot_time){0};
    } else if (host->doubted_at.ms == 0) {
        host->doubted_at = now->boot;
    } else if (boot_since(now->boot, host->doubted_at) > DOUBT_MS_MAX) {
        exchange_clock_settle(&host->clock, now);
        host->time_was_tried = true;
    }
}

struct boot_time ask_work(struct ask *ask, const struct now *now)
{
    struct boot_time wake;
    struct asker *asker;
    unplaced_place(&ask->unplaced, &ask->settings.watch, now->boot);
    for (size_t i = 0; i < ask->host_count; i++) {
        end_doubt(ask->hosts[i], now);
    }
    for (size_t i = 0; i < ask->way_count; i++) {
        if (!ask->ways[i]->is_judged) {
            way_judge(ask, ask->ways[i]);
        }
    }
    while ((asker = choose(ask, now, &wake)) != NULL) {
        ask->first = (asker->turn + 1) % ask->turn_count;
        go(ask, now, asker);
    }
    return wake;
}
