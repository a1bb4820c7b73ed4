/* One poll of each account, all at once, and then one round of its other kinds of data, recorded as
 * the answers come. */
#ifndef POSREC_SERVICE_FETCH_H
#define POSREC_SERVICE_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "model/capture.h"
#include "service/poller.h"
#include "store/known.h"
#include "store/recorder.h"

/* What became of one account's poll. */
struct fetch_result {
    bool done;              /* false: `error` says what kept posrec from recording it */
    struct capture capture; /* the last positionRisk request's, as recorded */
    struct recorded recorded;
    struct error error;
    struct text contracts_problem; /* why exchangeInfo could not be had; empty when it could */
    struct text money_problem;     /* likewise account, income and trades */
    int64_t money_rows;            /* of their answers */
};

/* Asks for each of `count` accounts once and records every answer; results[i] belongs to
 * settings[i] and is freed with fetch_result_free(). False only when nothing could be started at
 * all. */
bool fetch_all(const struct poller_settings *settings, size_t count, struct recorder *recorder,
               struct known *known, struct fetch_result *results, struct error *error);

void fetch_result_free(struct fetch_result *result);

#endif
