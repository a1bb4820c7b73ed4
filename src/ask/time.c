#include "ask/ask.h"
#include "ask/host_sources.h"
#include "base/log.h"

#define TIMEOUT_MS 3000 /* what takes longer tells no time */
#define RETRY_CAP_MS 10000
#define FRESH_MS 5000

void time_want(struct ask_host *host, struct boot_time now)
{
    struct asker *asker = &host->time;
    if (asker->source == NULL) {
        return; /* a host that is not asked for its time */
    }
    host->time_was_tried = false;
    if (asker->flight == NULL) {
        asker_want(asker, now);
    }
}

bool time_is_fresh(const struct ask_host *host, struct boot_time sent)
{
    int64_t age_ms = boot_since(sent, host->time_told);
    return host->time_told.ms > 0 && age_ms >= 0 && age_ms < FRESH_MS;
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct ask_host *host = asker->host;
    struct boot_time sent = asker->flight->at.boot;
    int64_t server_ms;
    host->time_was_tried = true;
    /* Over a jump of the clock it tells nothing. */
    bool is_near = boot_since(now->boot, sent) <= 2 * TIMEOUT_MS;
    if (capture->outcome == OUTCOME_OK && is_near &&
        endpoint_read_time(text_span(&capture->body), &server_ms)) {
        const struct exchange_reading reading = {sent, *now};
        exchange_clock_measure(&host->clock, &reading, (struct exchange_time){server_ms});
        host->time_told = now->boot;
        log_event(LOG_DEBUG, "clock", LOG_TEXT("base_url", host->settings->exchange.base_url),
                  LOG_INT("offset_ms", exchange_clock_offset_ms(&host->clock, now).value),
                  LOG_INT("round_trip_ms", boot_since(now->boot, sent)));
        asker_rest(asker);
        asker_want(asker, boot_after(now->boot, TIME_EVERY_MS));
        return;
    }
    exchange_clock_settle(&host->clock, now);
    asker_want(asker, boot_after(now->boot, RETRY_CAP_MS));
    log_event(LOG_WARNING, "clock_not_measured",
              LOG_TEXT("base_url", host->settings->exchange.base_url),
              LOG_TEXT("outcome", outcome_name(capture->outcome)),
              LOG_TEXT("detail", text_string(&capture->detail)));
}

const struct source SOURCE_TIME = {
    .endpoint = ENDPOINT_TIME,
    .priority = PRIORITY_CLOCK,
    .retry_base_ms = ASK_RETRY_BASE_MS,
    .retry_cap_ms = RETRY_CAP_MS,
    .timeout_ms_max = TIMEOUT_MS,
    .answered = answered,
};
