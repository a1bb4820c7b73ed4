#include "model/poll_hour.h"

#include "model/leg_hour.h"
#include "model/row_kinds.h"

static bool is_gap(const struct poll_hour *hour, int64_t received_ms, struct maybe_int interval)
{
    if (!interval.known || (hour->interval.known && hour->interval.value < interval.value)) {
        interval = hour->interval;
    }
    return hour->good_ms.known && interval.known &&
           (double)(received_ms - hour->good_ms.value) > (double)interval.value * 1.5;
}

bool poll_hour_is_over(const struct poll_hour *hour, int64_t now_ms)
{
    return hour->ok + hour->failed > 0 && hour_of(hour->last_ms) < hour_of(now_ms);
}

void poll_hour_add(struct poll_hour *hour, int64_t received_ms, bool is_good,
                   struct maybe_int interval_ms)
{
    hour->last_ms = received_ms;
    if (!is_good) {
        hour->failed++;
        return;
    }
    hour->ok++;
    hour->gaps += is_gap(hour, received_ms, interval_ms);
    hour->good_ms = maybe_of(received_ms);
    hour->interval = interval_ms;
}

bool poll_hour_take(struct poll_hour *hour, struct row *row)
{
    if (!row_begin(row, &ROW_KINDS[ROW_POLL_HOUR])) {
        return false;
    }
    row_set(row, POLL_HOUR_HOUR_MS, hour_of(hour->last_ms));
    row_set(row, POLL_HOUR_OK, hour->ok);
    row_set(row, POLL_HOUR_FAILED, hour->failed);
    row_set(row, POLL_HOUR_GAPS, hour->gaps);
    hour->ok = hour->failed = hour->gaps = 0;
    return true;
}
