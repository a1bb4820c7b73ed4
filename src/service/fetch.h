/* One round: a poll of each account, all at once, and then one of its other kinds of data, recorded
 * as the answers come. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exchange/endpoints.h"
#include "store/known.h"
#include "store/recorder.h"

/* What became of one account's poll. */
struct fetch_result {
    bool done;              /* false: `error` says what kept posrec from recording it */
    struct capture capture; /* the last positionRisk request's, as recorded */
    struct recorded recorded;
    struct error error;
    struct maybe_int paused_until_ms; /* the exchange wants no requests before then, on its clock */
    bool is_long_pause;               /* longer than a request may take */
    struct text contracts_problem;    /* why exchangeInfo could not be had; empty when it could */
    struct text money_problem;        /* likewise account, income and trades */
    int64_t money_rows;               /* of their answers */
};

/* Asks for each of `count` accounts once and records every answer; results[i] belongs to
 * settings[i] and is freed with fetch_result_free(). False only when nothing could be started at
 * all. */
bool fetch_all(const struct account_settings *settings, size_t count, struct recorder *recorder,
               struct known *known, struct fetch_result *results, struct error *error);

void fetch_result_free(struct fetch_result *result);
