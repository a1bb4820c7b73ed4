/* The hourly summaries (tables `leg_hour` and `poll_hour`) of what is in a database already. */
#ifndef POSREC_STORE_HOURS_H
#define POSREC_STORE_HOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"
#include "store/derivation.h"

/* Gives an account and its legs, which are loaded, their hours that still ran before a capture. */
bool hours_load(const struct database *database, struct account *account, int64_t before_capture_id,
                struct error *error);

/* Told now and then how many of the database's valuations are summed up. NULL for nobody. */
struct hours_watch {
    void *context;
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Fills the empty tables within the caller's transaction. Initial margins are of the contract sizes
 * known now; where exchangeInfo changed one on the way, 'posrec rebuild' has those of their time.
 */
bool hours_fill(const struct database *database, const struct hours_watch *watch,
                struct error *error);

#endif
