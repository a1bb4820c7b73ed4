/* Seals (model/seal.h): what is recorded is stamped by a timestamp authority, once each interval.
 * It is a host of its own to the engine, whose clock, pauses and failures are nobody else's, so
 * that one that is away delays nothing. */
#pragma once

#include "ask/asker.h"
#include "base/timestamp.h"
#include "model/seal.h"
#include "store/seals.h"

struct sealer_settings {
    /* The account that seals are captures of; its base_url is the authority's URL. */
    struct account_settings authority;
    int64_t interval_ms;
    const char *policy;                  /* "" for any */
    const struct timestamp_trust *trust; /* whom its certificates lead to */
};

struct sealer {
    struct asker asker; /* the first */
    struct sealer_settings settings;
    struct seals *seals;
    int failures;               /* in a row */
    struct seal seal;           /* the last that was good, ... */
    struct timestamp timestamp; /* ... and what it got */
};

extern const struct source SOURCE_SEAL;
