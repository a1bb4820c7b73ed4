/* What coins are worth: premiumIndex of each pair whose asset an account of the host holds, once
 * each interval for all of its accounts, and the pair's funding rates whenever funding was paid. */
#pragma once

#include <stddef.h>

#include "ask/asker.h"

#define PRICES_PAIRS_MAX 500

/* A pair that no account has shown to hold for so long is asked for no more. */
#define PRICES_FORGET_MS (INT64_C(3600) * 1000)

/* How many fundings are asked for: of a month, so that what was missed comes with the next. */
#define PRICES_FUNDINGS 100

struct prices_pair {
    char name[QUESTION_NAME_SIZE];
    char perpetual[QUESTION_NAME_SIZE]; /* its symbol; "" while no answer told of one */
    int64_t next_funding_ms;            /* as the last answer told it */
    struct boot_time next;              /* when its prices are asked for, ... */
    struct boot_time rates_next;        /* ... and its funding rates; BOOT_NEVER for not now */
    struct boot_time seen;              /* when an account last held its asset */
};

struct prices {
    struct asker asker; /* the first */
    struct prices_pair *pairs;
    size_t pair_count, pair_capacity;
    char asked[QUESTION_NAME_SIZE]; /* the pair of the question that is out */
};

extern const struct source SOURCE_PRICES;

/* Answers about an account are recorded: what it holds may have changed. */
void prices_note_holdings(struct ask_account *account, const struct now *now);

/* An account holds the pair's asset, now. */
void prices_note_pair(struct prices *prices, const char *name, struct boot_time now);

/* What is asked for in one interval comes to so much weight. */
int64_t prices_weight(const struct prices *prices);
