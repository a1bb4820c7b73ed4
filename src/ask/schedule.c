#include "ask/schedule.h"

struct schedule schedule_start(int64_t interval_ms, struct exchange_time now, bool at_once,
                               int64_t epoch)
{
    return (struct schedule){
        .interval_ms = interval_ms,
        .next_due = at_once ? now : schedule_next(interval_ms, now),
        .epoch = epoch,
    };
}

struct exchange_time schedule_next(int64_t interval_ms, struct exchange_time now)
{
    return (struct exchange_time){(now.ms / interval_ms + 1) * interval_ms};
}

bool schedule_tick(struct schedule *schedule, struct exchange_time now, int64_t epoch,
                   struct exchange_time *due, int64_t *skipped)
{
    int64_t interval_ms = schedule->interval_ms;
    *skipped = 0;
    if (schedule->epoch != epoch) {
        schedule->epoch = epoch;
        schedule->next_due = schedule_next(interval_ms, now);
    }
    if (now.ms < schedule->next_due.ms) {
        return false;
    }
    *due = schedule->next_due;
    schedule->next_due = schedule_next(interval_ms, now);
    int64_t last_ms = schedule->next_due.ms - interval_ms;
    if (last_ms > due->ms) {
        *skipped = (last_ms - due->ms + interval_ms - 1) / interval_ms;
        due->ms = last_ms;
    }
    return true;
}
