/* How much may be asked of one exchange from one address: its weight a minute, and the pauses that
 * it orders by 429 and 418. Times are on the exchange's clock, ms since 1970 UTC. */
#ifndef POSREC_EXCHANGE_LIMITS_H
#define POSREC_EXCHANGE_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/capture.h"
#include "model/maybe.h"

#define LIMITS_WEIGHT_DEFAULT 2400   /* a minute (exchangeInfo: rateLimits) */
#define LIMITS_SHARE_PERCENT 80      /* of it that posrec lets be used, unless told otherwise */
#define LIMITS_BAN_MS_DEFAULT 120000 /* the shortest ban there is */
#define LIMITS_PAUSE_MS_MAX (INT64_C(3) * 86400 * 1000) /* and the longest */

struct limits {
    int64_t weight_limit;
    int64_t share_percent;
    int64_t scheduled_weight; /* what polls on their schedules need, a minute, */
    int64_t scheduled_round;  /* and one of each: they go out together */
    int64_t minute;           /* that used_weight counts for */
    int64_t used_weight;      /* by the exchange's count and what was sent since */
    int64_t paused_until_ms;  /* 0 for no pause */
};

/* `share_percent` of the address's weight a minute may be used, 1 to 100: what other programs on
 * the address take, of COIN-M and USD-M alike, counts too. */
struct limits limits_start(int64_t share_percent);

/* Whether a request of this weight may go out now. */
bool limits_may_send(struct limits *limits, int64_t now_ms, int64_t weight);

/* Whether one may go out that is no poll on its schedule: only of what the rounds of those that are
 * still to come, or under way, leave of this minute. */
bool limits_may_send_extra(struct limits *limits, int64_t now_ms, int64_t weight);

/* The first time from now on at which limits_may_send() can be true. */
int64_t limits_next_ms(struct limits *limits, int64_t now_ms, int64_t weight);

void limits_note_sent(struct limits *limits, int64_t now_ms, int64_t weight);

/* Takes what an answer says: the weight used, and a pause when it is a 429 (Retry-After, else the
 * next minute) or a 418 (Retry-After, else the end that its message names, else two minutes), of
 * three days at most. True when it ordered a pause. */
bool limits_note_answer(struct limits *limits, int64_t now_ms, const struct capture *capture,
                        struct maybe_int retry_after_s);

/* The weight a minute up to which posrec asks. */
int64_t limits_budget(const struct limits *limits);

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

#endif
