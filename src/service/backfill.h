/* Runs a backfill of one account (ask/backfill.h) to its end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ask/backfill.h"
#include "store/known.h"
#include "store/recorder.h"

struct backfill_progress {
    const char *what; /* "income", or a symbol */
    int64_t done;     /* ranges */
    int64_t total;
    bool is_waiting;     /* for weight, or because the exchange said so ... */
    const char *trouble; /* ... or to ask again, because of this; NULL when not */
};

struct backfill_watch {
    void *context;
    void (*on_progress)(void *context, const struct backfill_progress *progress);
};

struct backfill_result {
    int64_t requests;
    int64_t repeated; /* answers that were recorded by an earlier run */
    int64_t cut_off;  /* questions for a type and millisecond of which there is more */
    int64_t income;   /* rows that were new */
    int64_t trades;
};

/* What a backfill needs. */
struct backfill_job {
    const struct account_settings *settings;
    int64_t from_ms; /* what there is since */
    struct recorder *recorder;
    struct known *known;
    struct backfill_watch watch;
};

/* Records what there is. False with the error set on failure: what was recorded until then stays.
 */
bool backfill_account(const struct backfill_job *job, struct backfill_result *result,
                      struct error *error);
