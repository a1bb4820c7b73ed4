/* Has what is recorded sealed, once, now: what `posrec seal` does. */
#pragma once

#include "ask/sealer.h"
#include "store/recorder.h"

struct seal_result {
    struct capture capture; /* what came of it, ... */
    int64_t capture_id;     /* ... as it was recorded */
    struct seal seal;       /* with a capture that is good */
    struct timestamp timestamp;
};

void seal_result_free(struct seal_result *result);

/* Asks the authority and records its answer. False with the error set when nothing is recorded to
 * seal, or nothing could be asked or recorded; an answer that is not good is no error here: the
 * capture says what was wrong. */
bool seal_now(const struct sealer_settings *settings, struct recorder *recorder,
              struct seals *seals, struct seal_result *result, struct error *error);
