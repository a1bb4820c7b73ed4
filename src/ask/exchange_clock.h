/* The exchange's clock as it is known here: by how much it is ahead of the machine's boot-time
 * clock, as an interval, which each reading narrows, as in NTP (RFC 5905, "intersection
 * algorithm").
 *
 * Two things tell it: `GET /time` to some milliseconds, and the `Date` header of any answer to a
 * second. While neither was heard there is only the machine's clock on the wall, which can be
 * anything: what is stamped by it is not to be recorded. A reading that contradicts what is known
 * is a correction; one by `Date` alone is in doubt until `/time` was asked, and when that says
 * otherwise, `Date` is not listened to any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "model/maybe.h"

/* What the exchange's clock minus boot time lies between. */
struct clock_interval {
    int64_t low_ms, high_ms;
};

struct exchange_clock {
    struct clock_interval ahead;
    struct boot_time read_at;
    bool was_heard;
    bool was_measured;  /* by /time */
    bool is_walls;      /* Date agrees with the machine's clock, which is nearer */
    bool is_doubted;    /* /time is to be asked before anything is stamped */
    bool has_other;     /* Date says otherwise: `other` ... */
    bool date_is_wrong; /* ... and /time did not */
    struct clock_interval other;
    int64_t epoch; /* counts how often another time than before was taken for the exchange's */
};

/* A request and its answer as this machine saw them: the exchange read its clock between. */
struct exchange_reading {
    struct boot_time sent;
    struct now received;
};

/* Takes the answer of /time: what it says holds. */
void exchange_clock_measure(struct exchange_clock *clock, const struct exchange_reading *reading,
                            struct exchange_time said);

/* Takes a Date header. */
void exchange_clock_hear(struct exchange_clock *clock, const struct exchange_reading *reading,
                         struct exchange_time said);

/* The exchange says that our time is not its time. */
void exchange_clock_doubt(struct exchange_clock *clock);

/* /time was asked in vain: what is known, or what Date says, has to serve. */
void exchange_clock_settle(struct exchange_clock *clock, const struct now *now);

/* Whether times of now can be stamped by it: it was heard, is not in doubt, and not so long ago
 * that the machine's may have gone wrong meanwhile. */
bool exchange_clock_is_known(const struct exchange_clock *clock, struct boot_time now);

/* The exchange's time at a time of this machine, with `now` for the clock on the wall. */
struct exchange_time exchange_clock_at(const struct exchange_clock *clock, const struct now *now,
                                       struct boot_time time);

/* The same moment on both. */
struct moment exchange_clock_moment(const struct exchange_clock *clock, const struct now *now);

/* For a signature: a time that is not ahead of the exchange's. */
struct exchange_time exchange_clock_timestamp(const struct exchange_clock *clock,
                                              const struct now *now);

/* When the exchange will have this time. */
struct boot_time exchange_clock_boot(const struct exchange_clock *clock, const struct now *now,
                                     struct exchange_time time);

/* Exchange minus the machine's clock on the wall, where something but that clock tells it. */
struct maybe_int exchange_clock_offset_ms(const struct exchange_clock *clock,
                                          const struct now *now);
