#include "ask/unplaced.h"

#include <stdlib.h>
#include <string.h>

void unplaced_free(struct unplaced *unplaced)
{
    for (size_t i = 0; i < unplaced->count; i++) {
        capture_free(&unplaced->list[i].capture);
    }
    free(unplaced->list);
}

static void hand_out(const struct ask_watch *watch, struct heard *heard)
{
    const struct exchange_clock *clock = &heard->host->clock;
    const struct now *now = &heard->received;
    struct capture *capture = &heard->capture;
    capture->received_ms = exchange_clock_at(clock, now, now->boot).ms;
    capture->clock_offset_ms = exchange_clock_offset_ms(clock, now);
    if (heard->has_sent) {
        bool holds = heard->epoch.known && heard->epoch.value == clock->epoch;
        capture->sent_ms = maybe_of(holds ? heard->sent.exchange.ms
                                          : exchange_clock_at(clock, now, heard->sent.boot).ms);
    }
    if (heard->due.is_known) {
        bool holds = heard->due.epoch == clock->epoch;
        capture->due_ms = maybe_of(holds ? heard->due.exchange.ms
                                         : exchange_clock_at(clock, now, heard->due.boot).ms);
    }
    capture->product = heard->account->settings->exchange.product;
    watch->on_capture(watch->context, heard->account, capture);
    capture_free(capture);
}

void unplaced_place(struct unplaced *unplaced, const struct ask_watch *watch, struct boot_time now)
{
    size_t kept = 0;
    for (size_t i = 0; i < unplaced->count; i++) {
        struct heard *heard = &unplaced->list[i];
        bool is_late =
            heard->capture.has_body && boot_since(now, heard->received.boot) > UNPLACED_MS_MAX;
        if (exchange_clock_is_known(&heard->host->clock, heard->received.boot) || is_late ||
            now.ms == BOOT_NEVER.ms) {
            hand_out(watch, heard);
        } else {
            unplaced->list[kept++] = *heard;
        }
    }
    unplaced->count = kept;
}

static bool make_room(struct unplaced *unplaced)
{
    if (unplaced->count < unplaced->capacity) {
        return true;
    }
    size_t wanted = unplaced->capacity * 2 + 16;
    void *list = wanted <= unplaced->max
                     ? reallocarray(unplaced->list, wanted, sizeof *unplaced->list)
                     : NULL;
    if (list != NULL) {
        unplaced->list = list;
        unplaced->capacity = wanted;
    }
    return list != NULL;
}

void unplaced_take(struct unplaced *unplaced, const struct ask_watch *watch, struct heard *heard)
{
    if (!make_room(unplaced)) {
        size_t given = (unplaced->count + 1) / 2; /* the older ones have waited long enough */
        for (size_t i = 0; i < given; i++) {
            hand_out(watch, &unplaced->list[i]);
        }
        unplaced->count -= given;
        memmove(unplaced->list, unplaced->list + given, unplaced->count * sizeof *unplaced->list);
    }
    if (unplaced->count < unplaced->capacity) {
        unplaced->list[unplaced->count++] = *heard;
        unplaced_place(unplaced, watch, heard->received.boot);
    } else {
        hand_out(watch, heard);
    }
}
