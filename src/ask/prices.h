/* What coins are worth, once each interval for all accounts of a host, as the product says:
 * premiumIndex of each pair whose asset one of them holds, and the pair's funding rates whenever
 * funding was paid; or assetIndex, and each hour, in which funding may have been paid, the rates of
 * each symbol in which one of them has a position. */
#pragma once

#include <stddef.h>

#include "ask/asker.h"

#define PRICES_PAIRS_MAX 500

/* A pair that no account has shown to hold for so long is asked for no more. */
#define PRICES_FORGET_MS (INT64_C(3600) * 1000)

/* How many fundings are asked for where none is known: of a month. */
#define PRICES_FUNDINGS 100

/* Where prices do not tell when funding is paid its rates are asked for so often, and so much after
 * the full hour, in which it is paid where it is. */
#define PRICES_RATES_EVERY_MS (INT64_C(3600) * 1000)
#define PRICES_RATES_LATE_MS 60000

/* A pair, all that there are (""), or a symbol, of which rates alone are asked for. */
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
    char asked[QUESTION_NAME_SIZE]; /* the name of the question that is out */
};

extern const struct source SOURCE_PRICES;

/* Answers about an account are recorded: what it holds may have changed. */
void prices_note_holdings(struct ask_account *account, const struct now *now);

/* An account holds the pair's asset, now. */
void prices_note_pair(struct prices *prices, const char *name, struct boot_time now);

/* An account has a position in a symbol, whose funding rates are asked for by the hour, now. */
void prices_note_symbol(struct prices *prices, const char *symbol, struct boot_time now);

/* What is asked for in one interval comes to so much weight. */
int64_t prices_weight(const struct prices *prices);
