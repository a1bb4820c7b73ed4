/* The summary of an account's polls over one hour of UTC (table `poll_hour`), and what a gap is:
 * two good polls more than one and a half intervals apart, by the lesser interval of the two, so
 * that a poll by hand hides no hole of the service. (The view capture_pair says the same.) */
#ifndef POSREC_MODEL_POLL_HOUR_H
#define POSREC_MODEL_POLL_HOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/maybe.h"
#include "model/row.h"

struct poll_hour {
    int64_t last_ms; /* of the poll added last, of whichever hour */
    int32_t ok, failed;
    int32_t gaps;              /* that end in this hour */
    struct maybe_int good_ms;  /* the last good poll, of whichever hour, ... */
    struct maybe_int interval; /* ... and how long its interval was, in ms */
};

/* Whether the hour has polls, and this time is in a later one. */
bool poll_hour_is_over(const struct poll_hour *hour, int64_t now_ms);

/* Adds the account's next poll. */
void poll_hour_add(struct poll_hour *hour, int64_t received_ms, bool is_good,
                   struct maybe_int interval_ms);

/* Writes the hour into a row of its table, but for account_id, and begins the next. False when out
 * of memory. */
bool poll_hour_take(struct poll_hour *hour, struct row *row);

#endif
