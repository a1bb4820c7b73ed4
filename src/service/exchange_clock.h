/* The exchange's clock as seen from here: the machine's monotonic clock, anchored once to its wall
 * clock, plus the measured offset. A wall clock that is stepped afterwards moves nothing. */
#ifndef POSREC_SERVICE_EXCHANGE_CLOCK_H
#define POSREC_SERVICE_EXCHANGE_CLOCK_H

#include <stdint.h>

#include "model/maybe.h"

struct exchange_clock {
    int64_t anchor_ms;          /* wall clock minus monotonic clock at the start */
    struct maybe_int offset_ms; /* exchange minus local; unknown until measured */
    int64_t measured_monotonic_ms;
};

/* An unmeasured clock: the local one. */
struct exchange_clock exchange_clock_start(int64_t real_ms, int64_t monotonic_ms);

/* Takes a reading: asked at sent, answered at received, both monotonic. The exchange read its clock
 * half-way between, give or take half the time it took. */
void exchange_clock_measure(struct exchange_clock *clock, int64_t sent_monotonic_ms,
                            int64_t received_monotonic_ms, int64_t server_ms);

/* The exchange's time at a monotonic time. */
int64_t exchange_clock_at(const struct exchange_clock *clock, int64_t monotonic_ms);

#endif
