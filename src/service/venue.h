/* One exchange as the service's accounts see it together: its clock, its limits, and what
 * exchangeInfo said. It asks for the time and for exchangeInfo itself, so that no account's tick
 * waits for them. */
#ifndef POSREC_SERVICE_VENUE_H
#define POSREC_SERVICE_VENUE_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/limits.h"
#include "service/exchange_clock.h"
#include "service/poller.h"

/* The clock is measured again after this, and sooner when it is known to be off. */
#define VENUE_CLOCK_AGE_MS_MAX (INT64_C(30) * 60 * 1000)

struct venue {
    struct exchange_clock clock;
    struct limits limits;
    struct poller poller; /* for time and exchangeInfo */
    const struct poller_settings *settings;
    bool clock_was_tried; /* measured, or failed to be: ticks may start */
    bool clock_is_off;    /* the exchange has said so */
    int64_t next_measure_monotonic_ms;
    bool contracts_wanted;
    int64_t next_contracts_monotonic_ms;
};

/* `settings` are those of one of its accounts; they outlive the venue. */
void venue_start(struct venue *venue, const struct poller_settings *settings,
                 struct transport *transport, int64_t real_ms, int64_t monotonic_ms);

void venue_free(struct venue *venue);

/* Whether two accounts' requests go to the same exchange the same way. */
bool venue_serves(const struct venue *venue, const struct poller_settings *settings);

/* The exchange's time. */
int64_t venue_now_ms(const struct venue *venue, int64_t monotonic_ms);

/* Whether the exchange wants no requests for the moment. */
bool venue_is_paused(const struct venue *venue, int64_t monotonic_ms);

/* Asks for what is due. */
void venue_work(struct venue *venue, int64_t monotonic_ms);

/* When it has something to do next, on the monotonic clock. */
int64_t venue_wake_monotonic_ms(struct venue *venue, int64_t monotonic_ms);

/* When the limits let the next request out, on the monotonic clock; now, or later. */
int64_t venue_open_monotonic_ms(struct venue *venue, int64_t monotonic_ms);

/* Asks for exchangeInfo soon, but not more than once an hour. */
void venue_want_contracts(struct venue *venue);

/* Takes an answer whose owner is venue->poller. True when it left a capture to be recorded in
 * venue->poller.capture. */
bool venue_answer(struct venue *venue, struct http_response *response, int64_t monotonic_ms);

/* Takes what any answer says of the limits; logs a pause that it orders. */
void venue_note_answer(struct venue *venue, int64_t monotonic_ms, const struct capture *capture,
                       struct maybe_int retry_after_s);

#endif
