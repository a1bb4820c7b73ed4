#include "service/exchange_clock.h"

struct exchange_clock exchange_clock_start(int64_t real_ms, int64_t monotonic_ms)
{
    return (struct exchange_clock){.anchor_ms = real_ms - monotonic_ms};
}

void exchange_clock_measure(struct exchange_clock *clock, int64_t sent_monotonic_ms,
                            int64_t received_monotonic_ms, int64_t server_ms)
{
    int64_t halfway_ms = sent_monotonic_ms + (received_monotonic_ms - sent_monotonic_ms) / 2;
    clock->offset_ms = maybe_of(server_ms - (clock->anchor_ms + halfway_ms));
    clock->measured_monotonic_ms = received_monotonic_ms;
}

int64_t exchange_clock_at(const struct exchange_clock *clock, int64_t monotonic_ms)
{
    return clock->anchor_ms + monotonic_ms + (clock->offset_ms.known ? clock->offset_ms.value : 0);
}
