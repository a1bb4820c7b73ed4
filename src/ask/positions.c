#include "ask/positions.h"

#include "ask/ask.h"

void positions_see_event(struct asker *positions, struct boot_time now)
{
    if (!positions->is_wanted) { /* what is to be asked anyway sees it too */
        positions->due = (struct due){0};
        positions->attempt = 1;
        positions->clock_retried = false;
        asker_want(positions,
                   boot_later(now, boot_after(positions->asked_at, EVENT_POLL_EVERY_MS)));
        positions->priority = PRIORITY_EVENT;
    }
}

const struct source SOURCE_POSITIONS = {
    .endpoint = ENDPOINT_POSITION_RISK,
    .priority = PRIORITY_TICK,
    .is_captured = true,
    .passes_ticks = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
};

const struct source SOURCE_BALANCES = {
    .endpoint = ENDPOINT_ACCOUNT,
    .priority = PRIORITY_ACCOUNT,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
};

const struct source SOURCE_CONFIGS = {
    .endpoint = ENDPOINT_SYMBOL_CONFIG,
    .priority = PRIORITY_MONEY,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
};

const struct source SOURCE_ACCOUNT_CONFIG = {
    .endpoint = ENDPOINT_ACCOUNT_CONFIG,
    .priority = PRIORITY_MONEY,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
};
