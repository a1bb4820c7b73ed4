#include "stream/stream.h"

#include <stdlib.h>

#include "exchange/limits.h"
#include "model/stream_message.h"
#include "stream/wire.h"

#define REQUEST_SHOWN "/ws"
#define SEEN_MAX ((size_t)4096) /* messages remembered; what comes after these is taken as new */

struct message_seen {
    struct sha256_digest digest;
    const struct stream_link *link; /* that brought it; the other is still to */
};

static struct stream_link *current_link(struct stream *stream)
{
    return &stream->links[stream->current];
}

static struct stream_link *next_link(struct stream *stream)
{
    return &stream->links[1 - stream->current];
}

bool stream_start(struct stream *stream, const char *account, const struct stream_watch *watch,
                  struct error *error)
{
    *stream = (struct stream){.account = account, .watch = watch};
    stream->links[0].stream = stream->links[1].stream = stream;
    stream->sha256 = sha256_new(error);
    return stream->sha256 != NULL;
}

bool stream_is_open(const struct stream *stream)
{
    return stream->links[0].phase == LINK_OPEN || stream->links[1].phase == LINK_OPEN;
}

bool stream_open_since(const struct stream *stream, struct boot_time *since)
{
    const struct stream_link *link = &stream->links[stream->current];
    *since = link->since;
    return link->phase == LINK_OPEN;
}

void stream_renew(struct stream *stream, const struct now *now)
{
    text_wipe(&stream->key);
    stream->key_number++;
    stream->watch->on_key_gone(stream->watch->context, stream, now);
}

/* A capture without a body: that a connection was opened or closed, or could not be had. */
static void note(struct stream *stream, int64_t number, enum outcome outcome,
                 struct maybe_int http_status, const char *detail, const struct now *now)
{
    struct capture capture = {.endpoint = ENDPOINT_USER_DATA,
                              .outcome = outcome,
                              .attempt = number,
                              .http_status = http_status};
    text_append_string(&capture.account, stream->account);
    text_append_string(&capture.request, REQUEST_SHOWN);
    capture_append_detail(&capture, span_of(detail));
    stream->watch->on_capture(stream->watch->context, stream, now, &capture);
}

/* One of the links is read no more: nothing comes twice. */
static void forget_seen(struct stream *stream)
{
    free(stream->seen);
    stream->seen = NULL;
    stream->seen_count = 0;
}

/* Whether the other link has brought the same message already: of each that comes by both, one is a
 * double. */
static bool is_double(struct stream_link *link, struct span message)
{
    struct stream *stream = link->stream;
    struct sha256_digest digest;
    struct error ignored;
    if (stream->seen == NULL || !sha256_of(stream->sha256, &message, 1, &digest, &ignored)) {
        return false;
    }
    for (size_t i = 0; i < stream->seen_count; i++) {
        struct message_seen *seen = &stream->seen[i];
        if (seen->link != link && sha256_equal(&seen->digest, &digest)) {
            *seen = stream->seen[--stream->seen_count];
            return true;
        }
    }
    if (stream->seen_count < SEEN_MAX) {
        stream->seen[stream->seen_count++] = (struct message_seen){digest, link};
    }
    return false;
}

static void reset_link(struct stream_link *link, bool says_goodbye)
{
    struct stream *stream = link->stream;
    wire_close(link, says_goodbye);
    *link = (struct stream_link){.stream = stream};
    forget_seen(stream);
}

/* Ends a link; what it was is the capture. Where its successor is up already, that takes over. */
static void end_link(struct stream_link *link, enum outcome outcome, struct maybe_int status,
                     const char *why, const struct now *now)
{
    struct stream *stream = link->stream;
    bool was_open = link->phase == LINK_OPEN;
    int64_t number = link->number;
    if (was_open && boot_since(now->boot, link->since) >= STREAM_STEADY_MS) {
        stream->failures = 0;
    }
    reset_link(link, outcome == OUTCOME_CLOSED);
    note(stream, number, was_open ? OUTCOME_CLOSED : outcome,
         was_open ? (struct maybe_int){0} : status, why, now);
    if (link == current_link(stream) && next_link(stream)->phase == LINK_OPEN) {
        stream->current = 1 - stream->current;
        return;
    }
    stream->retry = boot_after(
        now->boot,
        limits_backoff_ms(++stream->failures, STREAM_BACKOFF_BASE_MS, STREAM_BACKOFF_CAP_MS,
                          stream->watch->next_random(stream->watch->context)));
}

void stream_broke(struct stream_link *link, enum outcome outcome, struct maybe_int status,
                  const char *why, const struct now *now)
{
    if (status.known && status.value >= 400 && status.value < 500 &&
        link->key_number == link->stream->key_number) {
        stream_renew(link->stream, now); /* the key opens nothing */
    }
    end_link(link, outcome, status, why, now);
}

/* Ends a link by which nothing can come any more; another is made at once. */
static void replace(struct stream_link *link, const char *why, const struct now *now)
{
    struct stream *stream = link->stream;
    int failures = stream->failures;
    end_link(link, OUTCOME_NETWORK_ERROR, (struct maybe_int){0}, why, now);
    stream->failures = failures;
    stream->retry = now->boot;
}

void stream_end_deaf(struct stream_link *link, const struct now *now)
{
    if (link->is_deaf) {
        replace(link, "the listen key expired", now);
    }
}

void stream_take_key(struct stream *stream, struct span key, const struct now *now)
{
    bool had_one = stream->key.size > 0;
    if (span_equal(text_span(&stream->key), key)) {
        return;
    }
    text_wipe(&stream->key);
    text_append(&stream->key, key.data, key.size);
    if (!had_one) {
        return;
    }
    stream->key_number++;
    for (int i = 0; i < 2; i++) {
        if (stream->links[i].phase == LINK_OPEN) {
            replace(&stream->links[i], CLOSED_OTHER_KEY, now);
        }
    }
}

void stream_stop(struct stream *stream, const char *why, const struct now *now)
{
    if (stream->account == NULL) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct stream_link *link = &stream->links[i];
        bool was_open = link->phase == LINK_OPEN;
        int64_t number = link->number;
        reset_link(link, was_open);
        if (was_open && why != NULL) {
            note(stream, number, OUTCOME_CLOSED, (struct maybe_int){0}, why, now);
        }
    }
    text_wipe(&stream->key);
    sha256_free(stream->sha256);
    stream->account = NULL;
}

void stream_shakes(struct stream_link *link, struct boot_time now)
{
    link->phase = LINK_HANDSHAKE;
    link->key_number = link->stream->key_number;
    link->since = link->heard = now;
}

void stream_opened(struct stream_link *link, const struct now *now)
{
    struct stream *stream = link->stream;
    link->phase = LINK_OPEN;
    link->since = now->boot;
    note(stream, link->number, OUTCOME_OPENED, (struct maybe_int){0}, "", now);
    if (link == next_link(stream) && current_link(stream)->phase == LINK_OPEN) {
        /* Without memory nothing is remembered: a message may be recorded twice, none is lost. */
        stream->seen = calloc(SEEN_MAX, sizeof *stream->seen);
    } else {
        stream->current = (int)(link - stream->links);
    }
}

void stream_heard(struct stream_link *link, struct boot_time now)
{
    link->heard = now;
}

void stream_take_pong(struct stream_link *link)
{
    link->is_pinged = false;
}

void stream_take_message(struct stream_link *link, struct span message, const struct now *now)
{
    struct stream *stream = link->stream;
    if (stream_message_is(message, "listenKeyExpired")) {
        link->is_deaf = true;
        if (link->key_number == stream->key_number) { /* not a key that was replaced already */
            stream_renew(stream, now);
        }
    }
    if (is_double(link, message)) {
        return;
    }
    struct capture capture = {.endpoint = ENDPOINT_USER_DATA, .outcome = OUTCOME_OK, .attempt = 1};
    text_append_string(&capture.account, stream->account);
    text_append(&capture.body, message.data, message.size);
    capture.has_body = true;
    stream->watch->on_capture(stream->watch->context, stream, now, &capture);
}

static void ping(struct stream_link *link, const struct now *now)
{
    link->is_pinged = true;
    link->pinged = now->boot;
    wire_ping(link, now);
}

void stream_ping(struct stream *stream, const struct now *now)
{
    struct stream_link *link = current_link(stream);
    if (link->phase == LINK_OPEN && !link->is_pinged) {
        ping(link, now);
    }
}

/* What time alone can end. */
static void check_link(struct stream_link *link, const struct now *now)
{
    const struct maybe_int no_status = {0};
    if (link->phase == LINK_HANDSHAKE && boot_since(now->boot, link->since) > STREAM_HANDSHAKE_MS) {
        end_link(link, OUTCOME_TIMEOUT, no_status, "no answer to the handshake", now);
    } else if (link->phase == LINK_OPEN && link->is_pinged &&
               boot_since(now->boot, link->pinged) > STREAM_PONG_MS) {
        end_link(link, OUTCOME_NETWORK_ERROR, no_status, CLOSED_UNANSWERED, now);
    } else if (link->phase == LINK_OPEN && boot_since(now->boot, link->heard) > STREAM_SILENCE_MS) {
        end_link(link, OUTCOME_NETWORK_ERROR, no_status, CLOSED_SILENT, now);
    } else if (link->phase == LINK_OPEN && !link->is_pinged &&
               boot_since(now->boot, link->heard) > STREAM_QUIET_MS) {
        ping(link, now);
    }
}

/* Ends the old link when its successor has been read beside it for long enough. */
static void end_overlap(struct stream *stream, const struct now *now)
{
    struct stream_link *old = current_link(stream), *next = next_link(stream);
    if (old->phase == LINK_OPEN && next->phase == LINK_OPEN &&
        boot_since(now->boot, next->since) >= STREAM_OVERLAP_MS) {
        end_link(old, OUTCOME_CLOSED, (struct maybe_int){0}, "a new connection took over", now);
    }
}

/* Which link is to be made next, when it is time; -1 for none. */
static int wanted_link(const struct stream *stream, struct boot_time now)
{
    const struct stream_link *link = &stream->links[stream->current];
    int next = 1 - stream->current;
    if (stream->account == NULL || stream->key.size == 0) {
        return -1;
    }
    if (link->phase == LINK_IDLE) {
        return stream->current;
    }
    bool is_old = link->phase == LINK_OPEN && (link->key_number != stream->key_number ||
                                               boot_since(now, link->since) >= STREAM_LIFE_MS);
    return is_old && stream->links[next].phase == LINK_IDLE ? next : -1;
}

bool stream_wants_connection(const struct stream *stream, struct boot_time now)
{
    return wanted_link(stream, now) >= 0 && boot_reached(now, stream->retry);
}

void stream_work(struct stream *stream, const struct now *now, bool may_connect)
{
    if (stream->account == NULL) {
        return;
    }
    check_link(&stream->links[0], now);
    check_link(&stream->links[1], now);
    end_overlap(stream, now);
    if (may_connect && stream_wants_connection(stream, now->boot)) {
        struct stream_link *link = &stream->links[wanted_link(stream, now->boot)];
        link->number = ++stream->connections;
        link->phase = LINK_CONNECTING;
        link->since = now->boot;
        stream->watch->connect(stream->watch->context, link, now);
    }
}

static struct boot_time link_next(const struct stream_link *link)
{
    switch (link->phase) {
    case LINK_HANDSHAKE:
        return boot_after(link->since, STREAM_HANDSHAKE_MS + 1);
    case LINK_OPEN:
        return link->is_pinged ? boot_after(link->pinged, STREAM_PONG_MS + 1)
                               : boot_after(link->heard, STREAM_QUIET_MS + 1);
    default:
        return BOOT_NEVER;
    }
}

struct boot_time stream_next(const struct stream *stream, struct boot_time now)
{
    const struct stream_link *link = &stream->links[stream->current];
    const struct stream_link *next = &stream->links[1 - stream->current];
    if (stream->account == NULL) {
        return BOOT_NEVER;
    }
    struct boot_time wake = boot_earlier(link_next(link), link_next(next));
    if (wanted_link(stream, now) >= 0 && !boot_reached(now, stream->retry)) {
        wake = boot_earlier(wake, stream->retry); /* from then on it waits to be let */
    }
    struct boot_time end = boot_after(link->since, STREAM_LIFE_MS);
    if (link->phase == LINK_OPEN && next->phase == LINK_OPEN) {
        wake = boot_earlier(wake, boot_after(next->since, STREAM_OVERLAP_MS));
    } else if (link->phase == LINK_OPEN && !boot_reached(now, end)) {
        wake = boot_earlier(wake, end);
    }
    return wake;
}
