/* Runs an engine over a real transport until it has nothing left to ask: what fetch, backfill and
 * doctor's probes do. */
#pragma once

#include "ask/ask.h"

/* The first in its owner, which is so the context of what is called back. */
struct round {
    struct transport *transport;
    struct ask *ask;
    struct ask_settings settings; /* its owner's, but for the watch's context and `send` */

    /* NULL, or called with each turn of the loop; false ends it. */
    bool (*on_turn)(void *context);
};

bool round_start(struct round *round, struct error *error);
void round_end(struct round *round);

/* Works until nothing is left; false with the error set when the transport does not work. */
bool round_work(struct round *round, struct error *error);
