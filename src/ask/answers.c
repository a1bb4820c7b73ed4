#include <stdlib.h>

#include "ask/engine.h"
#include "ask/host_sources.h"
#include "base/log.h"
#include "base/time_text.h"

/* What a Date says must be in this century. */
#define DATE_MS_MAX INT64_C(4102444800000)

/* What the clocks of one exchange may differ by. */
#define FAR_MS 1000

void flight_free(struct asker *asker)
{
    if (asker->flight != NULL) {
        capture_free(&asker->flight->capture);
        text_free(&asker->flight->request);
        free(asker->flight);
        asker->flight = NULL;
    }
}

/* Another time than before, or a nearer one: when ticks are due has moved. */
static void touch_all(struct ask *ask, struct ask_host *host, const struct now *now,
                      struct exchange_time before, int64_t epoch)
{
    int64_t moved_ms = exchange_clock_at(&host->clock, now, now->boot).ms - before.ms;
    if (moved_ms != 0 || host->clock.epoch != epoch) {
        for (size_t i = 0; i < ask->turn_count; i++) {
            ask->turns[i].due.ms = INT64_MIN;
        }
    }
}

/* Far from the time before: the weight of its minute may be of another. */
static void note_clock(const struct ask_host *host, const struct now *now,
                       struct exchange_time before)
{
    const struct moment moment = way_moment(host, now);
    if (llabs(moment.exchange.ms - before.ms) > FAR_MS) {
        limits_note_clock(&host->way->limits, before, &moment);
    }
}

static void log_pause(const struct asker *asker, const struct now *now,
                      const struct capture *capture)
{
    const struct ask_host *host = asker->host;
    char until[TIME_TEXT_SIZE];
    time_text_format(exchange_clock_at(&host->clock, now, host->way->limits.paused_until).ms,
                     until);
    log_event(LOG_ERROR, capture->outcome == OUTCOME_BANNED ? "banned" : "rate_limited",
              LOG_TEXT("base_url", host->settings->exchange.base_url), LOG_TEXT("until", until),
              LOG_TEXT("detail", text_string(&capture->detail)));
}

/* How an answer ended the question, for what is to follow. */
enum end {
    END_GOOD,
    END_PAUSED,  /* the exchange wants to be left alone */
    END_CLOCK,   /* our time is not its time */
    END_OUTAGE,  /* it may pass */
    END_REFUSED, /* the key is not taken */
    END_OTHER,
};

static enum end end_of(const struct capture *capture)
{
    switch (capture->outcome) {
    case OUTCOME_OK:
        return endpoint_is_outage(capture) ? END_OUTAGE : END_GOOD;
    case OUTCOME_RATE_LIMITED:
    case OUTCOME_BANNED:
        return END_PAUSED;
    default:
        return endpoint_is_outage(capture)    ? END_OUTAGE
               : endpoint_is_refused(capture) ? END_REFUSED
               : capture->api_code.known && capture->api_code.value == API_CODE_TIMESTAMP
                   ? END_CLOCK
                   : END_OTHER;
    }
}

/* The same once more, for the same tick, unless the next one has come meanwhile. */
static void ask_again(struct asker *asker, struct boot_time not_before, int64_t attempt)
{
    const struct due *due = &asker->flight->due;
    if (!asker->is_wanted || !asker->due.is_known || asker->due.boot.ms == due->boot.ms) {
        asker->due = *due;
        asker->attempt = attempt;
    }
    asker_want(asker, not_before);
}

/* Tries again within the tick, or whenever there are none. */
static void try_again(struct ask *ask, struct asker *asker, const struct now *now)
{
    const struct source *source = asker->source;
    bool has_ticks = asker->schedule.interval_ms > 0;
    int64_t cap_ms = source->retry_cap_ms > 0 ? source->retry_cap_ms : asker->schedule.interval_ms;
    int64_t wait_ms = limits_backoff_ms(++asker->failures, source->retry_base_ms, cap_ms,
                                        random_next(&ask->random));
    struct boot_time at = boot_after(now->boot, wait_ms);
    if (!has_ticks || at.ms < asker_next_tick(asker, now).ms) {
        ask_again(asker, at, asker->flight->capture.attempt + has_ticks);
    }
}

/* When it asks again after such an end; in a round nothing is tried again but what the clock
 * spoilt. */
static void settle(struct ask *ask, struct asker *asker, enum end end, const struct now *now)
{
    bool has_ticks = asker->schedule.interval_ms > 0;
    if (end == END_CLOCK) {
        if (!time_is_fresh(asker->host, asker->flight->at.boot)) {
            exchange_clock_doubt(&asker->host->clock);
            time_want(asker->host, now->boot);
        }
        if (!asker->clock_retried) {
            asker->clock_retried = true;
            ask_again(asker, now->boot, asker->flight->capture.attempt + 1);
            return;
        }
    }
    asker->clock_retried = false;
    if (end == END_GOOD) {
        asker->failures = 0;
    } else if (ask->settings.is_round) {
        asker_rest(asker);
        if (end != END_OTHER) { /* nor anything else */
            asker->refused_until = boot_after(now->boot, ASK_REFUSED_WAIT_MS);
        }
    } else if (end == END_OUTAGE) {
        try_again(ask, asker, now);
    } else if (end == END_REFUSED) {
        asker->refused_until = boot_after(now->boot, ASK_REFUSED_WAIT_MS);
        if (!has_ticks) {
            asker_want(asker, now->boot);
        }
    } else if (!has_ticks) {
        asker_want(asker,
                   end == END_PAUSED ? now->boot : boot_after(now->boot, ASK_REFUSED_WAIT_MS));
    }
}

/* Takes what an answer says besides what was asked, and settles what follows from it. */
static void take_answer(struct ask *ask, const struct now *now, struct asker *asker,
                        struct http_response *response)
{
    struct flight *flight = asker->flight;
    struct capture *capture = &flight->capture;
    struct ask_host *host = asker->host;
    struct way *way = host->way;
    const struct exchange_reading reading = {flight->at.boot, *now};
    const struct exchange_time before = exchange_clock_at(&host->clock, now, now->boot);
    const struct exchange_time ways_before = way_moment(host, now).exchange;
    int64_t epoch = host->clock.epoch;
    if (response->outcome == OUTCOME_TIMEOUT || response->outcome == OUTCOME_NETWORK_ERROR) {
        host->trouble_at = now->boot;
    }
    if (response->status.known && response->date_ms.known &&
        response->date_ms.value >= CAPTURE_TIME_MS_MIN && response->date_ms.value < DATE_MS_MAX) {
        exchange_clock_hear(&host->clock, &reading,
                            (struct exchange_time){response->date_ms.value});
        if (host->clock.is_doubted && asker->source != &SOURCE_TIME) {
            time_want(host, now->boot);
        }
    }
    const struct moment moment = way_moment(host, now);
    endpoint_fill_capture(response, capture);
    if (!flight->epoch.known || flight->epoch.value != host->clock.epoch) {
        int64_t took_ms = boot_since(now->boot, flight->at.boot);
        flight->sent.at.exchange.ms = moment.exchange.ms - took_ms;
        flight->sent.at.off_ms = moment.off_ms;
    }
    if (limits_note_answer(&way->limits, &moment, &flight->sent, capture,
                           response->retry_after_s)) {
        log_pause(asker, now, capture);
    }
    enum end end = end_of(capture);
    if (flight->is_probe && end == END_GOOD) {
        limits_end_pause(&way->limits);
    }
    if (end == END_REFUSED && asker->account != NULL) {
        endpoint_log_refusal(capture);
    }
    settle(ask, asker, end, now);
    if (asker->source->answered != NULL) {
        asker->source->answered(asker, now, capture);
    }
    touch_all(ask, host, now, before, epoch);
    note_clock(host, now, ways_before);
    flight->is_committing = end == END_GOOD && asker->source->recorded != NULL;
}

void ask_answer(struct ask *ask, const struct now *now, struct asker *asker,
                struct http_response *response)
{
    struct flight *flight = asker->flight;
    struct ask_host *host = asker->host;
    host->out--;
    host->hanging -= flight->is_hanging;
    host->way->out--;
    ask->out -= asker_holds_up(asker);
    take_answer(ask, now, asker, response);
    bool is_committing = flight->is_committing;
    if (asker->source->is_captured) {
        struct heard heard = {
            .account = asker_heard_of(asker),
            .host = asker_heard_of(asker)->host,
            .due = flight->due,
            .has_sent = true,
            .sent = flight->at,
            .epoch = flight->epoch,
            .received = *now,
            .capture = flight->capture,
        };
        if (is_committing) {
            text_append(&flight->request, heard.capture.request.data, heard.capture.request.size);
        }
        flight->capture = (struct capture){0};
        unplaced_take(&ask->unplaced, &ask->settings.watch, &heard);
    }
    if (!is_committing) { /* else it may be gone */
        flight_free(asker);
    }
    ask_touch(asker);
    unplaced_place(&ask->unplaced, &ask->settings.watch, now->boot);
}

void ask_hear(struct ask *ask, const struct now *now, struct ask_account *account,
              struct capture *capture)
{
    struct heard heard = {
        .account = account, .host = account->host, .received = *now, .capture = *capture};
    *capture = (struct capture){0};
    unplaced_take(&ask->unplaced, &ask->settings.watch, &heard);
}

void ask_finish(struct ask *ask)
{
    unplaced_place(&ask->unplaced, &ask->settings.watch, BOOT_NEVER);
}

/* The asker's flight whose answer the capture is; NULL when it is none. The asker has it no more.
 */
static struct flight *take_committing(struct asker *asker, const struct capture *capture)
{
    struct flight *flight = asker->flight;
    if (flight == NULL || !flight->is_committing ||
        !span_equal(text_span(&flight->request), text_span(&capture->request))) {
        return NULL;
    }
    asker->flight = NULL;
    ask_touch(asker);
    return flight;
}

static void free_committing(struct flight *flight)
{
    text_free(&flight->request);
    free(flight);
}

/* The asker's answer is committed. */
static void note_commit(struct asker *asker, const struct moment *now,
                        const struct capture *capture, int64_t row_count)
{
    struct flight *flight = take_committing(asker, capture);
    if (flight != NULL) {
        asker->source->recorded(asker, now, &flight->question, capture, row_count);
        free_committing(flight);
    }
}

/* The asker's answer never will be: it asks again then. */
static void note_drop(struct asker *asker, struct boot_time again, const struct capture *capture)
{
    struct flight *flight = take_committing(asker, capture);
    if (flight != NULL) {
        free_committing(flight);
        asker_want(asker, again);
    }
}

void ask_dropped(const struct now *now, struct ask_account *account, const struct capture *capture)
{
    note_drop(&account->income.asker, now->boot, capture);
    note_drop(&account->trades.asker, now->boot, capture);
    if (account->another != NULL) {
        note_drop(account->another, now->boot, capture);
    }
    if (account->sealer != NULL) { /* which others answer, who are not to be pressed */
        note_drop(account->sealer, boot_after(now->boot, account->sealer->source->retry_base_ms),
                  capture);
    }
}

void ask_recorded(const struct now *now, struct ask_account *account, const struct capture *capture,
                  const struct recorded *recorded)
{
    const struct moment moment = exchange_clock_moment(&account->host->clock, now);
    enum endpoint endpoint = capture->endpoint;
    bool may_tell_of_trades = endpoint == ENDPOINT_INCOME || recorded->position_count > 0 ||
                              (recorded->row_count > 0 && (endpoint == ENDPOINT_POSITION_RISK ||
                                                           endpoint == ENDPOINT_USER_DATA ||
                                                           endpoint == ENDPOINT_USER_TRADES));
    if (recorded->new_contract_count > 0 && endpoint == ENDPOINT_POSITION_RISK) {
        contracts_want(account->host);
    }
    note_commit(&account->income.asker, &moment, capture, recorded->row_count);
    note_commit(&account->trades.asker, &moment, capture, recorded->row_count);
    if (account->another != NULL) {
        note_commit(account->another, &moment, capture, recorded->row_count);
    }
    if (account->sealer != NULL) {
        note_commit(account->sealer, &moment, capture, recorded->row_count);
    }
    if (recorded->row_count > 0 && (endpoint == ENDPOINT_ACCOUNT || recorded->position_count > 0)) {
        prices_note_holdings(account, now);
    }
    if (may_tell_of_trades) {
        trades_note_news(&account->trades, now->boot);
    }
}
