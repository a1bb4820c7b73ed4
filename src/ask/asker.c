#include "ask/asker.h"

#include "ask/ask.h"
#include "base/log.h"

/* A commit that has not come by then will not: the capture had to be dropped. */
#define COMMIT_WAIT_MS 600000

struct ask_account *asker_heard_of(const struct asker *asker)
{
    return asker->account != NULL ? asker->account : asker->host->account;
}

const struct exchange_clock *asker_clock(const struct asker *asker)
{
    return &asker_heard_of(asker)->host->clock;
}

const char *asker_account(const struct asker *asker)
{
    return asker->account != NULL ? asker->account->settings->account : NULL;
}

const struct account_settings *asker_settings(const struct asker *asker)
{
    return asker->account != NULL ? asker->account->settings : asker->host->settings;
}

void asker_want(struct asker *asker, struct boot_time not_before)
{
    if (!asker->is_wanted || not_before.ms < asker->not_before.ms) {
        asker->is_wanted = true;
        asker->priority = asker->source->priority;
        asker->not_before = not_before;
        ask_touch(asker);
    }
}

void asker_rest(struct asker *asker)
{
    asker->is_wanted = false;
    ask_touch(asker);
}

static void skip(struct asker *asker, int64_t count)
{
    asker->ticks += count;
    if (count > 0 && asker->source->passes_ticks) {
        asker->skipped_ticks += count;
        log_event(LOG_WARNING, "ticks_skipped", LOG_TEXT("account", asker_account(asker)),
                  LOG_INT("count", count));
    }
}

void asker_take_ticks(struct asker *asker, const struct now *now)
{
    const struct exchange_clock *clock = &asker->host->clock;
    struct exchange_time due;
    int64_t skipped;
    if (asker->schedule.interval_ms == 0 || asker->account->is_over ||
        !schedule_tick(&asker->schedule, exchange_clock_at(clock, now, now->boot), clock->epoch,
                       &due, &skipped)) {
        return;
    }
    bool was_asked = !asker->is_wanted || !asker->due.is_known || asker->attempt > 1;
    /* behind a poll after an event a tick waits, behind that of a tick it passes */
    bool is_shut = (asker->flight != NULL && asker->flight->due.is_known) ||
                   !boot_reached(now->boot, asker->refused_until);
    if (asker->source->passes_ticks && is_shut) {
        skip(asker, skipped + 1);
        return;
    }
    skip(asker, skipped + (was_asked ? 0 : 1));
    asker->due = (struct due){true, now->boot, due, clock->epoch};
    asker->ticks += was_asked;
    asker->attempt = 1;
    asker->failures = 0;
    asker->clock_retried = false;
    asker->is_wanted = true;
    asker->priority = asker->source->priority;
    asker->not_before = now->boot;
}

struct boot_time asker_next_tick(const struct asker *asker, const struct now *now)
{
    return asker->schedule.interval_ms > 0 && !asker->account->is_over
               ? exchange_clock_boot(&asker->host->clock, now, asker->schedule.next_due)
               : BOOT_NEVER;
}

struct boot_time asker_next(const struct asker *asker, const struct now *now)
{
    struct boot_time next = BOOT_NEVER;
    if (asker->flight != NULL && asker->flight->is_committing) {
        next = boot_after(asker->flight->at.boot, COMMIT_WAIT_MS);
    } else if (asker->flight != NULL && !asker->flight->is_hanging) {
        next = boot_after(asker->flight->at.boot, HANGING_MS);
    } else if (asker->flight == NULL && asker->is_wanted) {
        next = boot_later(asker->not_before, asker->refused_until);
    }
    return boot_earlier(next, asker_next_tick(asker, now));
}

const struct product *asker_product(const struct asker *asker)
{
    return asker_settings(asker)->exchange.product;
}

int64_t asker_first_span_ms(const struct asker *asker)
{
    return asker_product(asker)->trades_span_ms_max - 60000;
}
