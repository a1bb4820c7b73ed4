#include "service/stream.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "exchange/limits.h"
#include "model/stream_message.h"

#define REQUEST_SHOWN "/ws"

static struct stream_link *current_link(struct stream *stream)
{
    return &stream->links[stream->current];
}

static struct stream_link *next_link(struct stream *stream)
{
    return &stream->links[1 - stream->current];
}

bool stream_start(struct stream *stream, const struct poller_settings *settings,
                  struct transport *transport, struct exchange_clock *clock,
                  const struct stream_watch *watch, struct error *error)
{
    *stream = (struct stream){.settings = settings->stream_url != NULL ? settings : NULL,
                              .transport = transport,
                              .clock = clock,
                              .watch = watch};
    stream->links[0].stream = stream->links[1].stream = stream;
    listen_key_start(&stream->key, settings, transport, stream);
    return stream->settings == NULL || doubles_start(&stream->doubles, error);
}

bool stream_is_open(const struct stream *stream)
{
    return stream->links[0].phase == LINK_OPEN || stream->links[1].phase == LINK_OPEN;
}

int64_t stream_open_ms(const struct stream *stream)
{
    const struct stream_link *link = &stream->links[stream->current];
    return link->phase == LINK_OPEN ? link->since_ms : INT64_MAX;
}

void stream_renew(struct stream *stream)
{
    listen_key_forget(&stream->key);
    stream->key_number++;
}

static void begin_capture(const struct stream *stream, struct capture *capture,
                          enum outcome outcome)
{
    capture_clear(capture);
    text_append_string(&capture->account, stream->settings->account);
    capture->endpoint = ENDPOINT_USER_DATA;
    capture->outcome = outcome;
    capture->received_ms = exchange_clock_at(stream->clock, clock_monotonic_ms());
    capture->clock_offset_ms = stream->clock->offset_ms;
}

static void hand_over(struct stream *stream, struct capture *capture)
{
    stream->watch->on_capture(stream->watch->context, stream, capture);
    capture_free(capture);
}

/* A capture without a body: that a connection was opened or closed, or could not be had. */
static void note(struct stream *stream, int64_t number, enum outcome outcome,
                 struct maybe_int http_status, const char *detail)
{
    struct capture capture = {0};
    begin_capture(stream, &capture, outcome);
    text_append_string(&capture.request, REQUEST_SHOWN);
    capture.attempt = number;
    capture.http_status = http_status;
    capture_append_detail(&capture, span_of(detail));
    hand_over(stream, &capture);
}

/* An open connection is told that it ends. */
static void say_goodbye(struct stream_link *link)
{
    size_t sent;
    websocket_close(link->websocket);
    channel_send(link->channel, websocket_output(link->websocket), &sent);
}

static void reset_link(struct stream_link *link)
{
    struct stream *stream = link->stream;
    if (link->channel != NULL) {
        channel_close(link->channel);
    }
    websocket_free(link->websocket);
    *link = (struct stream_link){.stream = stream};
    doubles_end(&stream->doubles);
}

/* How long to wait after one more failure. */
static int64_t next_wait_ms(struct stream *stream)
{
    return limits_backoff_ms(++stream->failures, STREAM_BACKOFF_BASE_MS, STREAM_BACKOFF_CAP_MS,
                             stream->watch->next_random(stream->watch->context));
}

/* Ends a link; what it was is the capture. Where its successor is up already, that takes over. */
static void end_link(struct stream_link *link, enum outcome outcome, struct maybe_int http_status,
                     const char *why, int64_t now_ms)
{
    struct stream *stream = link->stream;
    bool was_open = link->phase == LINK_OPEN;
    int64_t number = link->number;
    if (was_open && now_ms - link->since_ms >= STREAM_STEADY_MS) {
        stream->failures = 0;
    }
    reset_link(link);
    note(stream, number, was_open ? OUTCOME_CLOSED : outcome,
         was_open ? (struct maybe_int){0} : http_status, why);
    if (link == current_link(stream) && next_link(stream)->phase == LINK_OPEN) {
        stream->current = 1 - stream->current;
        return;
    }
    stream->retry_ms = now_ms + next_wait_ms(stream);
}

static void break_link(struct stream_link *link, const char *why, int64_t now_ms)
{
    end_link(link, OUTCOME_NETWORK_ERROR, (struct maybe_int){0}, why, now_ms);
}

/* Ends a link by which nothing can come any more; another is made at once. */
static void end_deaf(struct stream_link *link, const char *why, int64_t now_ms)
{
    struct stream *stream = link->stream;
    int failures = stream->failures;
    break_link(link, why, now_ms);
    stream->failures = failures;
    stream->retry_ms = now_ms;
}

void stream_stop(struct stream *stream, const char *why)
{
    for (int i = 0; i < 2; i++) {
        struct stream_link *link = &stream->links[i];
        bool was_open = link->phase == LINK_OPEN;
        int64_t number = link->number;
        if (was_open) {
            say_goodbye(link);
        }
        reset_link(link);
        if (was_open && why != NULL) {
            note(stream, number, OUTCOME_CLOSED, (struct maybe_int){0}, why);
        }
    }
    listen_key_forget(&stream->key);
    doubles_free(&stream->doubles);
    stream->settings = NULL;
}

/* The link's handshake is through. */
static void on_opened(void *context)
{
    struct stream_link *link = context;
    struct stream *stream = link->stream;
    link->phase = LINK_OPEN;
    link->since_ms = link->heard_ms; /* by these bytes */
    note(stream, link->number, OUTCOME_OPENED, (struct maybe_int){0}, "");
    if (link == next_link(stream) && current_link(stream)->phase == LINK_OPEN) {
        doubles_begin(&stream->doubles);
    } else {
        stream->current = (int)(link - stream->links);
    }
}

static void on_pong(void *context)
{
    struct stream_link *link = context;
    link->pinged_ms = 0;
}

void stream_take_message(struct stream_link *link, struct span message)
{
    struct stream *stream = link->stream;
    struct capture capture = {0};
    if (stream_message_is(message, "listenKeyExpired")) {
        link->is_deaf = true;
        if (link->key_number == stream->key_number) { /* not a key that was replaced already */
            stream_renew(stream);
        }
    }
    if (doubles_has(&stream->doubles, link, message)) {
        return;
    }
    begin_capture(stream, &capture, OUTCOME_OK);
    text_append(&capture.body, message.data, message.size);
    capture.has_body = true;
    hand_over(stream, &capture);
}

static void on_message(void *context, struct span message)
{
    stream_take_message(context, message);
}

/* Sends what is to be sent, as far as it goes. */
static bool send_output(struct stream_link *link)
{
    struct span output;
    size_t sent;
    while ((output = websocket_output(link->websocket)).size > 0) {
        switch (channel_send(link->channel, output, &sent)) {
        case CHANNEL_DONE:
            websocket_sent(link->websocket, sent);
            break;
        case CHANNEL_LATER:
            return true;
        case CHANNEL_OVER:
            return false;
        }
    }
    return true;
}

void stream_read(struct stream_link *link, int64_t now_ms)
{
    static char buffer[16384]; /* of one link at a time: posrec is one thread */
    size_t size, total = 0;
    struct error why;
    error_set(&why, ERROR_FAILED, "the connection ended");
    link->has_more = false;
    while (link->channel != NULL && link->websocket != NULL) {
        if (total >= STREAM_READ_MAX) {
            link->has_more = true;
            return;
        }
        switch (channel_receive(link->channel, buffer, sizeof buffer, &size)) {
        case CHANNEL_LATER:
            return;
        case CHANNEL_OVER:
            break_link(link, "the connection ended", now_ms);
            return;
        case CHANNEL_DONE:
            break;
        }
        struct websocket *websocket = link->websocket;
        total += size;
        link->heard_ms = now_ms;
        bool good = websocket_take(websocket, (struct span){buffer, size}, &why);
        good = send_output(link) && good;
        if (!good) {
            struct maybe_int status = websocket_status(websocket);
            if (status.known && status.value >= 400 && status.value < 500) {
                stream_renew(link->stream); /* it opens nothing */
            }
            end_link(link, OUTCOME_NETWORK_ERROR, status, why.text, now_ms);
            return;
        }
        if (link->is_deaf) {
            end_deaf(link, "the listen key expired", now_ms);
            return;
        }
    }
}

/* Splits "ws://host:port/path": the URL that libcurl connects to, the host, and the path before
 * /ws/. */
static bool split_url(const char *stream_url, struct text *url, struct text *host,
                      struct text *path)
{
    const char *rest = strstr(stream_url, "://");
    rest += 3;
    size_t host_size = strcspn(rest, "/");
    text_append_string(url, strncmp(stream_url, "wss", 3) == 0 ? "https://" : "http://");
    text_append(url, rest, host_size);
    text_append_char(url, '/');
    text_append(host, rest, host_size);
    text_append_string(path, rest + host_size);
    return !(url->failed || host->failed || path->failed);
}

static void start_link(struct stream_link *link, int64_t now_ms)
{
    const struct poller_settings *settings = link->stream->settings;
    struct text url = {0}, host = {0}, path = {0};
    struct error error;
    bool started = split_url(settings->stream_url, &url, &host, &path) || error_no_memory(&error);
    const struct http_request request = {
        .url = text_string(&url),
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
        .timeout_ms = settings->timeout_ms,
        .is_channel = true,
        .owner = link,
    };
    started = started && transport_start(link->stream->transport, &request, &error);
    link->phase = LINK_CONNECTING;
    link->number = ++link->stream->connections;
    link->since_ms = now_ms;
    if (!started) {
        break_link(link, error.text, now_ms);
    }
    text_free(&url);
    text_free(&host);
    text_free(&path);
}

static void start_handshake(struct stream_link *link, int64_t now_ms)
{
    struct stream *stream = link->stream;
    const struct websocket_watch watch = {link, on_opened, on_message, on_pong};
    struct text url = {0}, host = {0}, path = {0};
    struct error error;
    if (split_url(stream->settings->stream_url, &url, &host, &path)) {
        text_append_string(&path, "/ws/");
        text_append(&path, text_string(&stream->key.text), stream->key.text.size);
        link->websocket = websocket_new(text_string(&host), text_string(&path), &watch, &error);
    }
    if (path.data != NULL) {
        OPENSSL_cleanse(path.data, path.capacity);
    }
    text_free(&url);
    text_free(&host);
    text_free(&path);
    link->phase = LINK_HANDSHAKE;
    link->key_number = stream->key_number;
    link->since_ms = link->heard_ms = now_ms;
    if (link->websocket == NULL || !send_output(link)) {
        break_link(link, "the handshake could not be sent", now_ms);
    }
}

static void take_connection(struct stream_link *link, struct http_response *response,
                            int64_t now_ms)
{
    static const enum outcome OUTCOMES[] = {
        [HTTP_ANSWERED] = OUTCOME_NETWORK_ERROR, [HTTP_TOO_LARGE] = OUTCOME_NETWORK_ERROR,
        [HTTP_TIMEOUT] = OUTCOME_TIMEOUT,        [HTTP_NETWORK_ERROR] = OUTCOME_NETWORK_ERROR,
        [HTTP_TLS_ERROR] = OUTCOME_TLS_ERROR,
    };
    if (response->channel == NULL) {
        end_link(link, OUTCOMES[response->result], (struct maybe_int){0}, response->reason, now_ms);
        return;
    }
    link->channel = response->channel;
    if (link->stream->key.text.size == 0) {
        break_link(link, "the listen key is gone", now_ms);
        return;
    }
    start_handshake(link, now_ms);
}

/* The key that connections were opened with is no more, who knows since when. */
static void take_other_key(struct stream *stream, int64_t now_ms)
{
    stream->key_number++;
    for (int i = 0; i < 2; i++) {
        if (stream->links[i].phase == LINK_OPEN) {
            end_deaf(&stream->links[i], "another listen key is alive", now_ms);
        }
    }
}

static void take_key(struct stream *stream, struct http_response *response, int64_t now_ms)
{
    struct capture capture = {0};
    begin_capture(stream, &capture, OUTCOME_OK);
    switch (listen_key_answer(&stream->key, response, now_ms, &capture)) {
    case LISTEN_KEY_GOOD:
        capture_free(&capture);
        return;
    case LISTEN_KEY_OTHER:
        capture_free(&capture);
        take_other_key(stream, now_ms);
        return;
    case LISTEN_KEY_OUTAGE:
        stream->key.due_ms = now_ms + next_wait_ms(stream);
        break;
    case LISTEN_KEY_REFUSED:
        break;
    }
    if (endpoint_is_refused(&capture)) {
        stream->watch->on_refused(stream->watch->context, stream, &capture);
    }
    hand_over(stream, &capture);
}

void stream_answer(struct stream *stream, struct http_response *response, int64_t now_ms)
{
    if (stream->settings == NULL) {
        if (response->channel != NULL) {
            channel_close(response->channel);
        }
        return;
    }
    if (response->owner == stream) {
        take_key(stream, response, now_ms);
    } else {
        take_connection(response->owner, response, now_ms);
    }
}

/* What time alone can end. */
static void check_link(struct stream_link *link, int64_t now_ms)
{
    if (link->phase == LINK_HANDSHAKE && now_ms - link->since_ms > STREAM_HANDSHAKE_MS) {
        end_link(link, OUTCOME_TIMEOUT, (struct maybe_int){0}, "no answer to the handshake",
                 now_ms);
    } else if (link->phase == LINK_OPEN && link->pinged_ms > 0 &&
               now_ms - link->pinged_ms > STREAM_PONG_MS) {
        break_link(link, "a ping was not answered", now_ms);
    } else if (link->phase == LINK_OPEN && now_ms - link->heard_ms > STREAM_SILENCE_MS) {
        break_link(link, "no byte for five minutes", now_ms);
    } else if (link->phase == LINK_OPEN && link->pinged_ms == 0 &&
               now_ms - link->heard_ms > STREAM_QUIET_MS) {
        link->pinged_ms = now_ms;
        websocket_ping(link->websocket);
        if (!send_output(link)) {
            break_link(link, "the connection ended", now_ms);
        }
    }
}

/* Ends the old link when its successor has been read beside it for long enough. */
static void end_overlap(struct stream *stream, int64_t now_ms)
{
    struct stream_link *old = current_link(stream), *next = next_link(stream);
    if (old->phase == LINK_OPEN && next->phase == LINK_OPEN &&
        now_ms - next->since_ms >= STREAM_OVERLAP_MS) {
        say_goodbye(old);
        end_link(old, OUTCOME_CLOSED, (struct maybe_int){0}, "a new connection took over", now_ms);
    }
}

static bool wants_successor(const struct stream *stream, int64_t now_ms)
{
    const struct stream_link *link = &stream->links[stream->current];
    return link->phase == LINK_OPEN &&
           (link->key_number != stream->key_number || now_ms - link->since_ms >= STREAM_LIFE_MS);
}

int64_t stream_work(struct stream *stream, int64_t now_ms, bool may_send)
{
    if (stream->settings == NULL) {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        if (stream->links[i].has_more) {
            stream_read(&stream->links[i], now_ms);
        }
        check_link(&stream->links[i], now_ms);
    }
    end_overlap(stream, now_ms);
    struct stream_link *idle =
        current_link(stream)->phase == LINK_IDLE ? current_link(stream)
        : wants_successor(stream, now_ms) && next_link(stream)->phase == LINK_IDLE
            ? next_link(stream)
            : NULL;
    if (listen_key_is_known(&stream->key) && idle != NULL && now_ms >= stream->retry_ms) {
        start_link(idle, now_ms);
    }
    return may_send ? listen_key_work(&stream->key, now_ms) : 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t link_wake_ms(const struct stream_link *link, int64_t now_ms)
{
    switch (link->phase) {
    case LINK_HANDSHAKE:
        return link->since_ms + STREAM_HANDSHAKE_MS + 1;
    case LINK_OPEN:
        return link->has_more        ? now_ms
               : link->pinged_ms > 0 ? link->pinged_ms + STREAM_PONG_MS + 1
                                     : link->heard_ms + STREAM_QUIET_MS + 1;
    default:
        return INT64_MAX;
    }
}

int64_t stream_wake_ms(const struct stream *stream, int64_t now_ms)
{
    if (stream->settings == NULL) {
        return INT64_MAX;
    }
    const struct stream_link *link = &stream->links[stream->current];
    const struct stream_link *next = &stream->links[1 - stream->current];
    int64_t wake_ms = earlier(link_wake_ms(link, now_ms), link_wake_ms(next, now_ms));
    wake_ms = earlier(wake_ms, listen_key_wake_ms(&stream->key));
    if (listen_key_is_known(&stream->key) &&
        (link->phase == LINK_IDLE ||
         (wants_successor(stream, now_ms) && next->phase == LINK_IDLE))) {
        wake_ms = earlier(wake_ms, stream->retry_ms);
    }
    if (link->phase == LINK_OPEN) {
        wake_ms = earlier(wake_ms, next->phase == LINK_OPEN ? next->since_ms + STREAM_OVERLAP_MS
                                                            : link->since_ms + STREAM_LIFE_MS);
    }
    return wake_ms;
}
