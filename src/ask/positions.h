/* The account's positions: on its schedule, tried again within a tick, and after events of its
 * stream; and its balances and margins, and what its symbols are set to, on schedules of their own.
 */
#pragma once

#include "ask/asker.h"

/* A poll after an event follows the poll before no sooner. */
#define EVENT_POLL_EVERY_MS 1000

extern const struct source SOURCE_POSITIONS;
extern const struct source SOURCE_BALANCES;
extern const struct source SOURCE_CONFIGS;
extern const struct source SOURCE_ACCOUNT_CONFIG;

/* The stream has told of a change, or is up again. */
void positions_see_event(struct asker *positions, struct boot_time now);
