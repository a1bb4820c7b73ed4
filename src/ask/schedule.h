/* When something is asked again and again: at once, then on multiples of its interval on the
 * exchange's clock. Of several ticks that have come, only the last is not over; the others were
 * skipped, and are never made up for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

struct schedule {
    int64_t interval_ms; /* 0: it has no ticks */
    struct exchange_time next_due;
    int64_t epoch; /* of the clock (ask/exchange_clock.h) */
};

/* The first tick is due at once when `at_once`, else on the next multiple. */
struct schedule schedule_start(int64_t interval_ms, struct exchange_time now, bool at_once,
                               int64_t epoch);

/* The first multiple of the interval after a time. */
struct exchange_time schedule_next(int64_t interval_ms, struct exchange_time now);

/* Whether a tick has come, and which; *skipped: how many before it went by. When the clock was
 * corrected meanwhile, the next multiple is the next tick, and none was skipped. */
bool schedule_tick(struct schedule *schedule, struct exchange_time now, int64_t epoch,
                   struct exchange_time *due, int64_t *skipped);
