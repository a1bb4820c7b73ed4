/* Backfill: asks for what the exchange still has of the time before. First income, in ranges of a
 * year, the newest first; then the trades of the last three months of every symbol that income
 * names, in ranges of seven days, the newest first too, so that what is known never has a hole.
 *
 * Broken off and started again it goes on: an answer that cannot change any more (a full page, or
 * a range that was over when it was asked for) is not asked for again, and the next question
 * follows from what is recorded. */
#pragma once

#include "ask/asker.h"
#include "ask/income_pages.h"

/* No COIN-M account is older. */
#define BACKFILL_EARLIEST_MS INT64_C(1546300800000) /* 2019-01-01 */

/* userTrades has the last three months. */
#define BACKFILL_TRADES_MS (INT64_C(92) * 86400000)

#define BACKFILL_TRIES_MAX 10 /* of one question, while the exchange is not there */

struct backfill {
    struct asker asker; /* the first */
    int64_t from_ms;    /* what is asked for begins, */
    int64_t now_ms;     /* and ends here; 0 before the first question */

    bool is_done;
    bool has_failed; /* `error` says why */
    struct error error;
    struct text trouble; /* why the question is asked again; empty when it is not */

    /* How far it is: ranges of the income, or of a symbol's trades. */
    int64_t range, range_count;
    int64_t start_ms;        /* of the range, from which on the next question asks */
    struct maybe_int end_ms; /* unknown: it has no end yet */
    bool is_begun;           /* the range */
    struct income_pages pages;
    char (*symbols)[QUESTION_NAME_SIZE]; /* NULL while income is asked for */
    size_t symbol, symbol_count;
    struct maybe_int last_id; /* known: through a millisecond of more than a page, by ids */

    int64_t requests;
    int64_t repeated; /* answers that were recorded by an earlier run */
    int64_t cut_off;  /* questions for a type and millisecond of which there is more */
};

extern const struct source SOURCE_BACKFILL;

/* What is being asked for: "income", or a symbol. */
const char *backfill_what(const struct backfill *backfill);
