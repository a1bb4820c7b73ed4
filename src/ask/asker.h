/* An asker: who asks the exchange one kind of question. What is its own is a source (which question
 * is next, what an answer means for it); the engine (ask/ask.h) does for all of them alike what is
 * left: when, how many at once, weight, pauses, tries again, refusals. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ask/schedule.h"
#include "exchange/endpoints.h"
#include "exchange/limits.h"
#include "store/recorder.h"

struct ask_account;
struct exchange_clock;
struct ask_host;
struct asker;

/* Who goes first. What waits long rises: each is as good as the one before it that has waited so
 * much shorter (ask.c). */
enum priority {
    PRIORITY_CLOCK,
    PRIORITY_TICK,  /* a poll on its schedule: the weight that it needs is kept for it */
    PRIORITY_EVENT, /* a poll after an event of the stream */
    PRIORITY_KEY,
    PRIORITY_CONTRACTS,
    PRIORITY_ACCOUNT,
    PRIORITY_MONEY,
    PRIORITY_PRICES,
    PRIORITY_BACKFILL,
    PRIORITY_SEAL,
    PRIORITY_COUNT,
};

struct source {
    enum endpoint endpoint;
    enum priority priority;
    bool is_captured;       /* its answers are recorded */
    bool passes_ticks;      /* a tick that comes while it asks passes unused, and is counted */
    int64_t retry_base_ms;  /* see limits_backoff_ms() */
    int64_t retry_cap_ms;   /* 0: the interval */
    int64_t timeout_ms_max; /* 0: the account's */

    /* NULL where it is always the same, without parameters, or: the next question. False when there
     * is none now: it has said when there may be one, unless the error is set. */
    bool (*question)(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error);

    /* NULL, or: what came of it, good or bad, when the engine has taken what it says of clock and
     * limits, and has settled when it is tried again. */
    void (*answered)(struct asker *asker, const struct now *now, struct capture *capture);

    /* NULL, or: a good answer is committed, and what comes next follows from what is recorded.
     * Until then nothing more is asked. */
    void (*recorded)(struct asker *asker, const struct moment *now, const struct question *question,
                     const struct capture *capture, int64_t row_count);

    /* NULL, or: frees what it keeps. */
    void (*release)(struct asker *asker);
};

/* When a tick was due. The exchange's time of it holds while the clock's epoch does. */
struct due {
    bool is_known; /* false: no schedule wanted it */
    struct boot_time boot;
    struct exchange_time exchange;
    int64_t epoch;
};

/* A question that is out, or whose answer waits for its commit. */
struct flight {
    struct question question;
    struct capture capture; /* what is known of it before the answer; taken out with it */
    struct due due;
    struct moment at;        /* when it was sent, */
    struct limits_sent sent; /* and how that is counted */
    struct maybe_int epoch;  /* of the clock that it was sent by; unknown when that was not */
    bool is_probe;           /* sent in spite of a pause */
    bool is_hanging;         /* out for long */
    bool is_committing;
    struct text request; /* as recorded: by it the commit is known */
};

struct asker {
    const struct source *source;
    enum endpoint endpoint; /* the source's */
    struct ask_host *host;
    struct ask_account *account; /* NULL: of a host */
    struct schedule schedule;
    struct maybe_int interval_ms; /* how often it is meant to ask, for its captures */
    bool is_wanted;               /* a question is to be asked, ... */
    enum priority priority;       /* ... as urgent as this, */
    struct boot_time not_before;  /* ... not before, */
    struct due due;               /* ... because of this tick */
    struct boot_time refused_until;
    int64_t attempt;           /* of the tick, from 1 */
    int failures;              /* in a row */
    bool clock_retried;        /* -1021 was answered within this tick already */
    struct flight *flight;     /* NULL: none */
    struct boot_time asked_at; /* last; 0 for never */
    int64_t ticks;             /* so far, those that were skipped among them */
    int64_t skipped_ticks;
    size_t turn; /* its number among those of the engine */
};

/* Has it ask, not before a time; no later than it was to anyway. */
void asker_want(struct asker *asker, struct boot_time not_before);

/* Has it ask nothing any more before its next tick, or before it is to again. */
void asker_rest(struct asker *asker);

/* Takes the ticks that have come. */
void asker_take_ticks(struct asker *asker, const struct now *now);

/* When its next tick is; BOOT_NEVER without a schedule. */
struct boot_time asker_next_tick(const struct asker *asker, const struct now *now);

/* When it has something to ask next, or its next tick; BOOT_NEVER while it waits for an answer. */
struct boot_time asker_next(const struct asker *asker, const struct now *now);

/* The account that its captures are of, and the clock that tells their times. */
struct ask_account *asker_heard_of(const struct asker *asker);
const struct exchange_clock *asker_clock(const struct asker *asker);

/* The account's name, for the log; NULL for a host's. */
const char *asker_account(const struct asker *asker);

/* The settings by which it asks, and the product that it asks for; NULL where it is none. */
const struct account_settings *asker_settings(const struct asker *asker);
const struct product *asker_product(const struct asker *asker);

/* How far back income and trades are asked for when nothing is known, ms: as far as may be asked
 * for at once, and a minute for the way. */
int64_t asker_first_span_ms(const struct asker *asker);
