/* Captures on their way out, which wait until their times can be told: they have the machine's
 * stamps, and get the exchange's when its clock is known. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ask/ask.h"

/* An exchange that answers and tells no time: its answers wait for so long. */
#define UNPLACED_MS_MAX 60000

struct heard {
    struct ask_account *account;
    const struct ask_host *host;
    struct due due;
    bool has_sent;
    struct moment sent;     /* as it was known then, ... */
    struct maybe_int epoch; /* ... by this clock; unknown when it was not */
    struct now received;
    struct capture capture;
};

struct unplaced {
    struct heard *list; /* in the order in which they came */
    size_t count, capacity;
    size_t max;
};

void unplaced_free(struct unplaced *unplaced);

/* Takes the capture over. */
void unplaced_take(struct unplaced *unplaced, const struct ask_watch *watch, struct heard *heard);

/* Hands out those whose host's clock is known, and answers for which that took too long by then; at
 * BOOT_NEVER all, by the best that there is. */
void unplaced_place(struct unplaced *unplaced, const struct ask_watch *watch, struct boot_time now);
