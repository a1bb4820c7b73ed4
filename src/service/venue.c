#include "service/venue.h"

#include <string.h>

#include "base/log.h"
#include "base/time_text.h"

#define MEASURE_RETRY_MS 10000
#define CONTRACTS_RETRY_MS (INT64_C(3600) * 1000)

void venue_start(struct venue *venue, const struct poller_settings *settings,
                 struct transport *transport, int64_t real_ms, int64_t monotonic_ms)
{
    *venue = (struct venue){
        .clock = exchange_clock_start(real_ms, monotonic_ms),
        .limits = limits_start(settings->weight_share_percent),
        .settings = settings,
        .contracts_wanted = true, /* the weight limit is in exchangeInfo too */
    };
    poller_start(&venue->poller, settings, transport, &venue->clock);
}

void venue_free(struct venue *venue)
{
    poller_free(&venue->poller);
}

static bool same_string(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool venue_serves(const struct venue *venue, const struct poller_settings *settings)
{
    return same_string(venue->settings->exchange.base_url, settings->exchange.base_url) &&
           same_string(venue->settings->proxy, settings->proxy) &&
           same_string(venue->settings->ca_file, settings->ca_file);
}

int64_t venue_now_ms(const struct venue *venue, int64_t monotonic_ms)
{
    return exchange_clock_at(&venue->clock, monotonic_ms);
}

bool venue_is_paused(const struct venue *venue, int64_t monotonic_ms)
{
    return venue_now_ms(venue, monotonic_ms) < venue->limits.paused_until_ms;
}

static void log_failure(const char *event, const struct error *error)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, event);
    log_text(&line, "reason", error->text);
    log_end(&line);
}

static void measure(struct venue *venue, int64_t monotonic_ms, int64_t now_ms)
{
    struct error error;
    venue->next_measure_monotonic_ms = monotonic_ms + MEASURE_RETRY_MS;
    if (poller_ask_time(&venue->poller, &error)) {
        limits_note_sent(&venue->limits, now_ms, WEIGHT_TIME);
    } else {
        venue->clock_was_tried = true;
        log_failure("clock_not_measured", &error);
    }
}

static void ask_contracts(struct venue *venue, int64_t monotonic_ms, int64_t now_ms)
{
    const struct question question = {.endpoint = ENDPOINT_EXCHANGE_INFO};
    struct error error;
    venue->next_contracts_monotonic_ms = monotonic_ms + CONTRACTS_RETRY_MS;
    venue->contracts_wanted = false;
    if (poller_ask(&venue->poller, &question, (struct maybe_int){0}, (struct maybe_int){0},
                   &error)) {
        limits_note_sent(&venue->limits, now_ms, endpoint_weight(ENDPOINT_EXCHANGE_INFO));
    } else {
        log_failure("contracts_not_asked", &error);
    }
}

void venue_work(struct venue *venue, int64_t monotonic_ms)
{
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    if (venue->poller.phase != POLLER_IDLE ||
        !limits_may_send(&venue->limits, now_ms, WEIGHT_TIME)) {
        return;
    }
    if (monotonic_ms >= venue->next_measure_monotonic_ms || venue->clock_is_off) {
        venue->clock_is_off = false;
        measure(venue, monotonic_ms, now_ms);
    } else if (venue->contracts_wanted && monotonic_ms >= venue->next_contracts_monotonic_ms) {
        ask_contracts(venue, monotonic_ms, now_ms);
    }
}

int64_t venue_open_monotonic_ms(struct venue *venue, int64_t monotonic_ms)
{
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    return monotonic_ms +
           limits_next_ms(&venue->limits, now_ms, endpoint_weight(ENDPOINT_POSITION_RISK)) - now_ms;
}

int64_t venue_wake_monotonic_ms(struct venue *venue, int64_t monotonic_ms)
{
    int64_t wake_ms = venue->next_measure_monotonic_ms;
    int64_t open_ms = venue_open_monotonic_ms(venue, monotonic_ms);
    if (venue->poller.phase != POLLER_IDLE) {
        return INT64_MAX;
    }
    if (venue->contracts_wanted && venue->next_contracts_monotonic_ms < wake_ms) {
        wake_ms = venue->next_contracts_monotonic_ms;
    }
    if (venue->clock_is_off) {
        wake_ms = monotonic_ms;
    }
    return wake_ms > open_ms ? wake_ms : open_ms;
}

void venue_want_contracts(struct venue *venue)
{
    venue->contracts_wanted = true;
}

static void take_contracts(struct venue *venue)
{
    const struct capture *capture = &venue->poller.capture;
    int64_t weight;
    if (capture->outcome != OUTCOME_OK) {
        venue->contracts_wanted = true; /* again when the hour is over */
        return;
    }
    if (endpoint_read_weight_limit(text_span(&capture->body), &weight)) {
        venue->limits.weight_limit = weight;
    }
}

bool venue_answer(struct venue *venue, struct http_response *response, int64_t monotonic_ms)
{
    struct error error;
    struct maybe_int measured = venue->clock.offset_ms;
    int64_t measured_at_ms = venue->clock.measured_monotonic_ms;
    switch (poller_answer(&venue->poller, response, &error)) {
    case POLLER_MEASURED:
        venue->clock_was_tried = true;
        if (venue->clock.offset_ms.known &&
            (!measured.known || venue->clock.measured_monotonic_ms != measured_at_ms)) {
            venue->next_measure_monotonic_ms = monotonic_ms + VENUE_CLOCK_AGE_MS_MAX;
        }
        venue_note_answer(venue, monotonic_ms, &venue->poller.capture, venue->poller.retry_after_s);
        return false;
    case POLLER_CAPTURED:
        take_contracts(venue);
        venue_note_answer(venue, monotonic_ms, &venue->poller.capture, venue->poller.retry_after_s);
        venue->poller.phase = POLLER_IDLE;
        return true;
    default:
        venue->poller.phase = POLLER_IDLE;
        log_failure("answer_not_taken", &error);
        return false;
    }
}

void venue_note_answer(struct venue *venue, int64_t monotonic_ms, const struct capture *capture,
                       struct maybe_int retry_after_s)
{
    struct log_line line;
    char until[TIME_TEXT_SIZE];
    if (!limits_note_answer(&venue->limits, venue_now_ms(venue, monotonic_ms), capture,
                            retry_after_s)) {
        return;
    }
    time_text_format(venue->limits.paused_until_ms, until);
    log_begin(&line, LOG_ERROR, capture->outcome == OUTCOME_BANNED ? "banned" : "rate_limited");
    log_text(&line, "base_url", venue->settings->exchange.base_url);
    log_text(&line, "until", until);
    log_text(&line, "detail", text_string(&capture->detail));
    log_end(&line);
}
