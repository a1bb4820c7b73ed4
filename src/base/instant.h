/* Points in time on two clocks that cannot be mistaken for one another: what takes one does not
 * compile with the other. Only ask/exchange_clock.h turns one into the other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since the machine was started. It never steps, and goes on while the machine sleeps:
 * for deadlines, waits, pauses, ages. */
struct boot_time {
    int64_t ms;
};

/* Milliseconds since 1970 UTC as the exchange has it: for captures and aligned ticks. */
struct exchange_time {
    int64_t ms;
};

/* The same moment on both; the exchange's time may be off by so much. */
struct moment {
    struct boot_time boot;
    struct exchange_time exchange;
    int64_t off_ms;
};

/* Now as the machine has it. `wall_ms` is its clock on the wall, which can be anything. */
struct now {
    struct boot_time boot;
    int64_t wall_ms;
};

#define BOOT_NEVER ((struct boot_time){INT64_MAX})

static inline struct boot_time boot_after(struct boot_time time, int64_t ms)
{
    int64_t sum;
    return __builtin_add_overflow(time.ms, ms, &sum) ? BOOT_NEVER : (struct boot_time){sum};
}

static inline int64_t boot_since(struct boot_time now, struct boot_time then)
{
    return now.ms - then.ms;
}

static inline bool boot_reached(struct boot_time now, struct boot_time time)
{
    return now.ms >= time.ms;
}

static inline struct boot_time boot_earlier(struct boot_time a, struct boot_time b)
{
    return a.ms < b.ms ? a : b;
}

static inline struct boot_time boot_later(struct boot_time a, struct boot_time b)
{
    return a.ms > b.ms ? a : b;
}
