/* The account's trades, symbol by symbol: of one in which something happened (store/known.h), from
 * the last one known on, page after page; of one symbol at most once an income_interval. What comes
 * next follows from what is recorded. */
#pragma once

#include "ask/asker.h"

/* How often it is looked whether something happened. */
#define TRADES_LOOK_EVERY_MS 1000

/* Of one account. */
#define TRADES_SYMBOLS_MAX 1000

/* A symbol whose trades are asked for. */
struct trades_symbol {
    char name[QUESTION_NAME_SIZE];
    int64_t change_ms;     /* the last time that something happened in it, */
    int64_t asked_ms;      /* and when it was last asked for to the end: the exchange's time */
    struct boot_time next; /* not before */
};

struct trades {
    struct asker asker; /* the first */
    bool has_news;      /* something was recorded that may have happened in a symbol */
    bool has_looked;
    struct boot_time next_look;
    int64_t looked_ms; /* what happened before, on the exchange's clock, is known to `symbols` */
    struct trades_symbol *symbols;
    size_t symbol_count;
    size_t symbol_capacity;
};

extern const struct source SOURCE_TRADES;

/* Something was recorded that may have happened in a symbol. */
void trades_note_news(struct trades *trades, struct boot_time now);
