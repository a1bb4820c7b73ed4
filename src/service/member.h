/* One account of the fleet: when it is polled, by its schedule and by the events of its stream, and
 * what an answer means for that. Times are on the monotonic clock unless they say otherwise. */
#ifndef POSREC_SERVICE_MEMBER_H
#define POSREC_SERVICE_MEMBER_H

#include "service/metrics.h"
#include "service/money.h"
#include "service/poller.h"
#include "service/schedule.h"
#include "service/venue.h"

/* What a poll shows the stream has told, or will within this; it is renewed for it no more often
 * than each STREAM_RENEW_EVERY_MS. */
#define STREAM_TELL_MS 10000
#define STREAM_CLOCKS_MS 100 /* the exchange's clocks may differ by so much: as in reconcile */
#define STREAM_RENEW_EVERY_MS 60000

/* A poll right after an event follows the one before no sooner. */
#define EVENT_POLL_EVERY_MS 1000

struct member {
    struct poller poller; /* of its positions */
    struct money money;
    struct schedule schedule;
    struct venue *venue;
    struct account_metrics *figures;
    bool is_scheduled; /* the schedule starts once the exchange's clock was asked for */
    bool starts_at_once;
    bool event_poll_wanted;     /* the stream has told of a change, or is up again */
    int64_t next_event_poll_ms; /* on the exchange's clock */
    int64_t ticks;
    int64_t changed_ms;    /* when a poll last showed a change, */
    int64_t tell_check_ms; /* when it is looked whether the stream told it, 0 for not, */
    int64_t renewed_ms;    /* and when it was renewed because it had not */
};

/* Starts what is due. */
void member_work(struct member *member, int64_t monotonic_ms);

/* Takes what came of a request. True when poller.capture is a capture to be recorded; `random` is
 * for the jitter of a retry. */
bool member_answer(struct member *member, struct http_response *response, uint64_t random,
                   int64_t monotonic_ms);

/* When there is something to do next: its next tick, a poll after an event, or a retry that the
 * limits let out. INT64_MAX when only an answer can tell. */
int64_t member_wake_ms(const struct member *member, int64_t monotonic_ms);

/* Whether it has had so many ticks, and nothing more is to be tried. */
bool member_is_done(const struct member *member, struct maybe_int tick_count);

#endif
