#include "service/schedule.h"

#include "exchange/limits.h"

struct schedule schedule_start(int64_t interval_ms, int64_t now_ms, bool at_once)
{
    return (struct schedule){
        .interval_ms = interval_ms,
        .next_due_ms = at_once ? now_ms : schedule_next(interval_ms, now_ms),
    };
}

int64_t schedule_next(int64_t interval_ms, int64_t now_ms)
{
    return (now_ms / interval_ms + 1) * interval_ms;
}

/* The clock was corrected backwards: the next tick would be further off than an interval. */
static void realign(struct schedule *schedule, int64_t now_ms)
{
    if (schedule->next_due_ms - now_ms > schedule->interval_ms) {
        schedule->next_due_ms = schedule_next(schedule->interval_ms, now_ms);
        schedule->retry_is_due = false;
    }
    if (schedule->refused_until_ms - now_ms > SCHEDULE_REFUSED_WAIT_MS) {
        schedule->refused_until_ms = 0;
    }
}

enum schedule_step schedule_work(struct schedule *schedule, int64_t now_ms, bool is_busy,
                                 int64_t *due_ms, int64_t *skipped)
{
    *skipped = 0;
    realign(schedule, now_ms);
    if (now_ms >= schedule->next_due_ms) {
        int64_t interval_ms = schedule->interval_ms;
        *due_ms = schedule->next_due_ms;
        schedule->next_due_ms = schedule_next(interval_ms, now_ms);
        schedule->retry_is_due = false;
        schedule->failures = 0;
        /* Of several ticks that have come, only the last is not over. */
        int64_t last_ms = schedule->next_due_ms - interval_ms;
        if (last_ms > *due_ms) {
            *skipped = (last_ms - *due_ms + interval_ms - 1) / interval_ms;
            *due_ms = last_ms;
        }
        if (!is_busy && now_ms >= schedule->refused_until_ms) {
            return SCHEDULE_TICK;
        }
        ++*skipped;
        return SCHEDULE_WAIT;
    }
    if (schedule->retry_is_due && !is_busy && now_ms >= schedule->retry_ms) {
        schedule->retry_is_due = false;
        return SCHEDULE_RETRY;
    }
    return SCHEDULE_WAIT;
}

void schedule_note(struct schedule *schedule, int64_t now_ms, enum schedule_end end,
                   uint64_t random)
{
    if (end == SCHEDULE_REFUSED) {
        schedule->refused_until_ms = now_ms + SCHEDULE_REFUSED_WAIT_MS;
    }
    if (end != SCHEDULE_OUTAGE) {
        return;
    }
    int64_t wait_ms = limits_backoff_ms(++schedule->failures, SCHEDULE_BACKOFF_BASE_MS,
                                        schedule->interval_ms, random);
    schedule->retry_ms = now_ms + wait_ms;
    schedule->retry_is_due = schedule->retry_ms < schedule->next_due_ms;
}
