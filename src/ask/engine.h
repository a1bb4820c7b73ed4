/* What the files of the engine share. */
#pragma once

#include "ask/ask.h"
#include "ask/unplaced.h"
#include "host/random.h"

/* When an asker is to be looked at: side by side, as all are gone through again and again. */
struct turn {
    struct boot_time due;
    struct boot_time looked; /* it has something to ask: seen at this time */
    struct asker *asker;
};

struct ask {
    struct ask_settings settings;
    struct random random;
    struct way **ways;
    size_t way_count;
    struct ask_host **hosts;
    size_t host_count;
    struct turn *turns;
    size_t turn_count, turn_capacity;
    size_t first; /* the turn that comes first among equals */
    size_t out;   /* that an end waits for: asker_holds_up() */
    bool polls_wait;
    struct unplaced unplaced;
};

/* Whether what it asks is waited for at the end: listen keys and seals are not. */
bool asker_holds_up(const struct asker *asker);

/* Ends what the asker has out, if anything. */
void flight_free(struct asker *asker);

/* Counts the weight that the schedules of a way need, and says how often its accounts may be polled
 * when it is more than there is. What is kept is for polls: all else takes what they leave. */
void way_judge(struct ask *ask, struct way *way);

/* The time by which the way counts minutes: the host's where it is known, else that of another of
 * the same exchange. */
struct moment way_moment(const struct ask_host *host, const struct now *now);
