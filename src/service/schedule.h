/* When an account is polled: at once, then on multiples of its interval on the exchange's clock.
 * Retries stay within their tick; a tick that comes too early or too late is skipped, never made up
 * for. All times are on the exchange's clock, ms. */
#ifndef POSREC_SERVICE_SCHEDULE_H
#define POSREC_SERVICE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* A key that the exchange refuses is tried again after this. */
#define SCHEDULE_REFUSED_WAIT_MS 60000

#define SCHEDULE_BACKOFF_BASE_MS 250

struct schedule {
    int64_t interval_ms;
    int64_t next_due_ms;
    bool retry_is_due; /* the last tick's poll is to be tried again at retry_ms */
    int64_t retry_ms;
    int failures; /* in a row, within the tick */
    int64_t refused_until_ms;
};

enum schedule_step {
    SCHEDULE_WAIT,
    SCHEDULE_TICK,  /* start the tick of *due_ms */
    SCHEDULE_RETRY, /* poll once more within the tick */
};

/* The first tick is due at once when `at_once`, else on the next multiple. */
struct schedule schedule_start(int64_t interval_ms, int64_t now_ms, bool at_once);

/* The first multiple of the interval after a time. */
int64_t schedule_next(int64_t interval_ms, int64_t now_ms);

/* What is to be done now. `is_busy`: a request is out; a tick that comes meanwhile is skipped. A
 * tick during a refusal's wait is skipped too. *skipped is how many ticks went by unused. */
enum schedule_step schedule_work(struct schedule *schedule, int64_t now_ms, bool is_busy,
                                 int64_t *due_ms, int64_t *skipped);

/* How a poll ended, for what is to follow. */
enum schedule_end {
    SCHEDULE_DONE,    /* nothing before the next tick */
    SCHEDULE_OUTAGE,  /* it may pass: try again within the tick */
    SCHEDULE_REFUSED, /* the key is not taken: try again after a minute */
};

/* Takes how a poll ended. `random` is any number. */
void schedule_note(struct schedule *schedule, int64_t now_ms, enum schedule_end end,
                   uint64_t random);

#endif
