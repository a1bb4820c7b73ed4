#include "ask/ask.h"
#include "ask/host_sources.h"

void contracts_want(struct ask_host *host)
{
    struct asker *asker = &host->contracts;
    if (asker->flight == NULL) {
        asker_want(asker, asker->asked_at.ms == 0
                              ? (struct boot_time){0}
                              : boot_after(asker->asked_at, CONTRACTS_EVERY_MS));
    }
}

/* The weight limit is in it too. */
static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct way *way = asker->host->way;
    int64_t weight;
    (void)now;
    if (capture->outcome == OUTCOME_OK &&
        endpoint_read_weight_limit(text_span(&capture->body), &weight) &&
        weight >= endpoint_weight(&asker_settings(asker)->exchange, ENDPOINT_INCOME) &&
        weight <= LIMITS_WEIGHT_MAX) {
        way->is_judged &= way->limits.weight_limit == weight;
        way->limits.weight_limit = weight;
    } else if (capture->outcome != OUTCOME_OK && asker->is_wanted) {
        asker->not_before = boot_after(asker->asked_at, CONTRACTS_EVERY_MS);
    }
}

const struct source SOURCE_CONTRACTS = {
    .endpoint = ENDPOINT_EXCHANGE_INFO,
    .priority = PRIORITY_CONTRACTS,
    .is_captured = true,
    .retry_base_ms = CONTRACTS_EVERY_MS,
    .retry_cap_ms = CONTRACTS_EVERY_MS,
    .answered = answered,
};
