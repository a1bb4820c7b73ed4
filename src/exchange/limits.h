/* How much may be asked of the exchange from one address: its weight a minute, and the pauses that
 * it orders by 429 and 418. Minutes are the exchange's; pauses are counted on the machine's clock
 * from the moment in which they were ordered. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "model/capture.h"
#include "model/maybe.h"

#define LIMITS_WEIGHT_DEFAULT 2400   /* a minute (exchangeInfo: rateLimits) */
#define LIMITS_WEIGHT_MAX 1000000000 /* nothing that is told is more */
#define LIMITS_SHARE_PERCENT 80      /* of it that posrec lets be used, unless told otherwise */
#define LIMITS_BAN_MS_DEFAULT 120000 /* the shortest ban there is */
#define LIMITS_PAUSE_MS_MAX (INT64_C(3) * 86400 * 1000) /* and the longest */

/* A pause is tried after this, and each time so long after: the exchange may have forgotten it. */
#define LIMITS_PROBE_EVERY_MS (INT64_C(3600) * 1000)

/* So far apart the exchange's minute and ours may begin, besides what our clock is off. What is
 * sent so near to a turn counts for both minutes. */
#define LIMITS_TURN_MS 250
#define LIMITS_OFF_MS_MAX 2000

/* Minutes that are kept apart: answers come late. */
#define LIMITS_MINUTES 4

struct limits {
    int64_t weight_limit;
    int64_t share_percent;
    int64_t scheduled_weight; /* what polls on their schedules need, a minute, */
    int64_t scheduled_round;  /* and one of each: they go out together */
    struct limits_minute {
        int64_t number; /* since 1970 */
        int64_t told;   /* used, as the exchange has told, or by what was answered without a word */
        int64_t out;    /* not answered yet: some of it may be in what was told */
    } minutes[LIMITS_MINUTES];
    bool is_paused;
    struct boot_time paused_until;
    struct boot_time next_probe;
};

/* `share_percent` of the address's weight a minute may be used, 1 to 100: what other programs on
 * the address take, of COIN-M and USD-M alike, counts too. */
struct limits limits_start(int64_t share_percent);

/* Whether a request of this weight may go out now. */
bool limits_may_send(struct limits *limits, const struct moment *now, int64_t weight);

/* Whether one may go out that is no poll on its schedule: only of what the rounds of those that are
 * still to come, or under way, and a little for what nobody foresees, leave of this minute. */
bool limits_may_send_extra(struct limits *limits, const struct moment *now, int64_t weight);

/* When limits_may_send() is to be asked again, which says no now. */
struct boot_time limits_next(const struct limits *limits, const struct moment *now);

bool limits_are_paused(const struct limits *limits, struct boot_time now);

/* Whether a request of little weight may go out in spite of the pause, to learn whether it is still
 * meant; limits_note_probe() when it does, limits_end_pause() when it was answered well. */
bool limits_may_probe(const struct limits *limits, struct boot_time now);
void limits_note_probe(struct limits *limits, struct boot_time now);
void limits_end_pause(struct limits *limits);

/* The exchange's time is another than was thought: what the minute that it was taken for has used
 * may be of the one that it is. */
void limits_note_clock(struct limits *limits, struct exchange_time before,
                       const struct moment *now);

/* A request that went out. */
struct limits_sent {
    struct moment at;
    int64_t weight;
};

void limits_note_sent(struct limits *limits, const struct limits_sent *sent);

/* Takes what an answer to it says: the weight used in its minute, and a pause when it is a 429
 * (Retry-After, else the next minute) or a 418 (Retry-After, else the end that its message names,
 * else two minutes), of three days at most. True when it ordered a pause. */
bool limits_note_answer(struct limits *limits, const struct moment *now,
                        const struct limits_sent *sent, const struct capture *capture,
                        struct maybe_int retry_after_s);

/* The weight a minute up to which posrec asks, and what is used of the present one. */
int64_t limits_budget(const struct limits *limits);
int64_t limits_used(const struct limits *limits, struct exchange_time now);

/* The most that the exchange has told of one of the minutes that are kept. */
int64_t limits_told(const struct limits *limits);

/* What requests that go out again and again add up to. Start with a zeroed struct. */
struct limits_demand {
    double weight;      /* a minute */
    double weight_each; /* of one round of those whose interval may change */
    double fixed;       /* a minute, of those whose interval stays */
};

/* Adds a request of this weight that goes out every `interval_ms`. */
void limits_demand_add(struct limits_demand *demand, int64_t weight, int64_t interval_ms);

/* Likewise one whose interval is not to be stretched. */
void limits_demand_add_fixed(struct limits_demand *demand, int64_t weight, int64_t interval_ms);

/* The shortest interval, for all of the requests alike that have none of their own, that stays
 * within the budget; 0 when none does. */
int64_t limits_fitting_interval_ms(const struct limits *limits, const struct limits_demand *demand);

/* A wait before the next try after `failures` of them in a row: full jitter, a random time between
 * 0 and base x 2^failures, capped ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * `random` is any number. */
int64_t limits_backoff_ms(int failures, int64_t base_ms, int64_t cap_ms, uint64_t random);
