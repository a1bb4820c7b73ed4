/* Backfill: asks for what the exchange still has of the time before. First income, in ranges of a
 * year, the newest first; then the trades of the last three months of every symbol that income
 * names, in ranges of seven days, the newest first too, so that what is known never has a hole.
 *
 * Broken off and started again it goes on: an answer that cannot change any more (a full page, or
 * a range that was over when it was asked for) is not asked for again, and the next question
 * follows from what is recorded. */
#ifndef POSREC_SERVICE_BACKFILL_H
#define POSREC_SERVICE_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "service/poller.h"
#include "store/known.h"
#include "store/recorder.h"

/* No COIN-M account is older. */
#define BACKFILL_EARLIEST_MS INT64_C(1546300800000) /* 2019-01-01 */

/* userTrades has the last three months. */
#define BACKFILL_TRADES_MS (INT64_C(92) * 86400000)

#define BACKFILL_TRIES_MAX 10 /* of one question, while the exchange is not there */

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

/* Records of one account what there is since `from_ms`. False with the error set on failure: what
 * was recorded until then stays. */
bool backfill_account(const struct poller_settings *settings, int64_t from_ms,
                      struct recorder *recorder, struct known *known,
                      const struct backfill_watch *watch, struct backfill_result *result,
                      struct error *error);

#endif
