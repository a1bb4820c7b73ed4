/* The account's income: each income_interval, from a minute before the last one known, page after
 * page (ask/income_pages.h). Which page comes next follows from what is recorded. */
#pragma once

#include "ask/asker.h"
#include "ask/income_pages.h"

/* Income may be told late: so much is asked for again. */
#define INCOME_OVERLAP_MS 60000

/* After a connection of the stream was opened income is asked for at once, but no more often. */
#define INCOME_CATCH_UP_EVERY_MS 30000

/* In one round; the next round goes on from the last that is recorded. */
#define INCOME_PAGES_MAX 1000

struct income {
    struct asker asker;        /* the first */
    struct income_pages pages; /* that are being asked for, */
    int64_t page_count;        /* and how many of them were had; 0: a round begins */
    struct boot_time next_catch_up;
    int64_t known_ms; /* all of it was asked for until then, on the exchange's clock; 0 for never */
};

extern const struct source SOURCE_INCOME;

/* The stream is up again: what was missed is to be fetched. */
void income_catch_up(struct income *income, struct boot_time now);
