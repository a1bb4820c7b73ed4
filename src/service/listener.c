#include "service/listener.h"

#include "base/log.h"
#include "base/time_text.h"

bool listener_start(struct listener *listener, struct ask_account *asked,
                    const struct stream_watch *watch, struct error *error)
{
    *listener = (struct listener){.asked = asked, .tell_check = BOOT_NEVER};
    return stream_start(&listener->stream, asked->settings->account, watch, error);
}

/* A change that polls show and a stream that was up all the while has not told: it may be deaf. */
static void check_silence(struct listener *listener, struct known *known, const struct now *now)
{
    const struct exchange_clock *clock = &listener->asked->host->clock;
    const char *account = listener->stream.account;
    struct boot_time since;
    struct maybe_int untold_ms;
    struct error error;
    char time[TIME_TEXT_SIZE];
    if (!boot_reached(now->boot, listener->tell_check)) {
        return;
    }
    bool again = boot_since(now->boot, listener->changed) < LISTENER_TELL_MS;
    bool is_new = listener->renewed.ms > 0 &&
                  boot_since(now->boot, listener->renewed) < LISTENER_RENEW_EVERY_MS;
    listener->tell_check = again ? boot_after(listener->changed, LISTENER_TELL_MS) : BOOT_NEVER;
    if (!stream_open_since(&listener->stream, &since) || is_new) {
        return;
    }
    int64_t from_ms = exchange_clock_at(clock, now, since).ms + LISTENER_CLOCKS_MS;
    int64_t to_ms = exchange_clock_at(clock, now, now->boot).ms - LISTENER_TELL_MS;
    if (known_untold(known, account, from_ms, to_ms, &untold_ms, &error) && untold_ms.known) {
        time_text_format(untold_ms.value, time);
        log_event(
            LOG_WARNING, "stream_silent", LOG_TEXT("account", account), LOG_TEXT("changed", time),
            LOG_TEXT("reason", "a poll shows a change that the stream has not told: renewed"));
        listener->renewed = now->boot;
        stream_renew(&listener->stream, now);
    }
}

void listener_note_change(struct listener *listener, struct boot_time now)
{
    listener->changed = now;
    listener->tell_check = boot_earlier(listener->tell_check, boot_after(now, LISTENER_TELL_MS));
    listener->next = boot_earlier(listener->next, listener->tell_check);
}

void listener_read(struct listener *listener, struct stream_link *link, const struct now *now)
{
    listener->has_more[link - listener->stream.links] = wire_read(link, now);
    listener->next = now->boot;
}

void listener_work(struct listener *listener, struct known *known, const struct now *now)
{
    struct stream *stream = &listener->stream;
    if (stream->account == NULL || !boot_reached(now->boot, listener->next)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (listener->has_more[i]) {
            listener_read(listener, &stream->links[i], now);
        }
    }
    check_silence(listener, known, now);
    stream_work(stream, now, false);
    listener->wants_connection = stream_wants_connection(stream, now->boot);
    listener->next = listener->has_more[0] || listener->has_more[1]
                         ? now->boot
                         : boot_earlier(listener->tell_check, stream_next(stream, now->boot));
}

void listener_connect(struct listener *listener, const struct now *now)
{
    listener->wants_connection = false;
    stream_work(&listener->stream, now, true);
    listener->next = now->boot;
}

struct boot_time listener_next(const struct listener *listener, struct boot_time now)
{
    if (listener->stream.account == NULL) {
        return BOOT_NEVER;
    }
    const struct way *way = listener->asked->host->way;
    bool waits_for_room = listener->wants_connection && !way_may_connect(way, now) &&
                          way->connecting < WAY_CONNECTING_MAX; /* else another's end tells */
    return waits_for_room ? boot_earlier(listener->next, way_connect_next(way)) : listener->next;
}
