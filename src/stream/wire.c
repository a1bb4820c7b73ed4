#include "stream/wire.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/websocket.h"

struct wire {
    struct channel *channel;
    struct websocket *websocket;
    struct now now; /* of the bytes that are being taken */
};

static void break_off(struct stream_link *link, const char *why, const struct now *now)
{
    stream_broke(link, OUTCOME_NETWORK_ERROR, (struct maybe_int){0}, why, now);
}

void wire_connect(struct stream_link *link, const struct account_settings *settings,
                  struct transport *transport, const struct now *now)
{
    struct text url = {0};
    struct error error;
    text_printf(&url, "http%s", settings->stream_url + strlen("ws")); /* wss is https */
    const struct http_request request = {
        .url = text_string(&url),
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
        .timeout_ms = settings->timeout_ms,
        .is_channel = true,
        .owner = link,
    };
    if (!((!url.failed || error_no_memory(&error)) &&
          transport_start(transport, &request, &error))) {
        break_off(link, error.text, now);
    }
    text_free(&url);
}

static void on_opened(void *context)
{
    struct stream_link *link = context;
    stream_opened(link, &link->wire->now);
}

static void on_message(void *context, struct span message)
{
    struct stream_link *link = context;
    stream_take_message(link, message, &link->wire->now);
}

static void on_pong(void *context)
{
    stream_take_pong(context);
}

/* Sends what is to be sent, as far as it goes. */
static bool send_output(struct wire *wire)
{
    struct span output;
    size_t sent;
    while ((output = websocket_output(wire->websocket)).size > 0) {
        switch (channel_send(wire->channel, output, &sent)) {
        case CHANNEL_DONE:
            websocket_sent(wire->websocket, sent);
            break;
        case CHANNEL_LATER:
            return true;
        case CHANNEL_OVER:
            return false;
        }
    }
    return true;
}

static struct websocket *shake(struct stream_link *link, const struct account_settings *settings)
{
    const struct websocket_watch watch = {link, on_opened, on_message, on_pong};
    const char *name = strstr(settings->stream_url, "://") + 3;
    size_t name_size = strcspn(name, "/");
    struct text host = {0}, path = {0};
    struct websocket *websocket = NULL;
    struct error ignored;
    text_append(&host, name, name_size);
    text_printf(&path, "%s%s%s", name + name_size, settings->exchange.product->stream_path,
                text_string(&link->stream->key));
    if (!host.failed && !path.failed) {
        websocket = websocket_new(text_string(&host), text_string(&path), &watch, &ignored);
    }
    text_free(&host);
    text_wipe(&path);
    return websocket;
}

void wire_take(struct stream_link *link, struct http_response *response,
               const struct account_settings *settings, const struct now *now)
{
    if (link->phase != LINK_CONNECTING) { /* its stream has ended */
        if (response->channel != NULL) {
            channel_close(response->channel);
        }
        return;
    }
    if (response->channel == NULL) {
        stream_broke(link, response->outcome, (struct maybe_int){0}, response->reason, now);
        return;
    }
    link->wire = calloc(1, sizeof *link->wire);
    if (link->wire == NULL) {
        channel_close(response->channel);
        break_off(link, "out of memory", now);
        return;
    }
    link->wire->channel = response->channel;
    if (link->stream->key.size == 0) {
        break_off(link, "the listen key is gone", now);
        return;
    }
    link->wire->websocket = shake(link, settings);
    stream_shakes(link, now->boot);
    if (link->wire->websocket == NULL || !send_output(link->wire)) {
        break_off(link, "the handshake could not be sent", now);
    }
}

bool wire_read(struct stream_link *link, const struct now *now)
{
    static char buffer[16384]; /* of one link at a time: posrec is one thread */
    size_t size, total = 0;
    struct error why;
    error_set(&why, ERROR_FAILED, "the connection ended");
    while (link->wire != NULL && link->wire->websocket != NULL) {
        struct wire *wire = link->wire;
        if (total >= WIRE_READ_MAX) {
            return true;
        }
        switch (channel_receive(wire->channel, buffer, sizeof buffer, &size)) {
        case CHANNEL_LATER:
            return false;
        case CHANNEL_OVER:
            break_off(link, "the connection ended", now);
            return false;
        case CHANNEL_DONE:
            break;
        }
        total += size;
        wire->now = *now;
        stream_heard(link, now->boot);
        bool good = websocket_take(wire->websocket, (struct span){buffer, size}, &why);
        good = send_output(wire) && good;
        if (!good) {
            stream_broke(link, OUTCOME_NETWORK_ERROR, websocket_status(wire->websocket), why.text,
                         now);
            return false;
        }
        stream_end_deaf(link, now);
    }
    return false;
}

void wire_ping(struct stream_link *link, const struct now *now)
{
    websocket_ping(link->wire->websocket);
    if (!send_output(link->wire)) {
        break_off(link, "the connection ended", now);
    }
}

void wire_close(struct stream_link *link, bool says_goodbye)
{
    struct wire *wire = link->wire;
    size_t sent;
    if (wire == NULL) {
        return;
    }
    if (says_goodbye && wire->websocket != NULL) {
        websocket_close(wire->websocket);
        channel_send(wire->channel, websocket_output(wire->websocket), &sent);
    }
    channel_close(wire->channel);
    websocket_free(wire->websocket);
    free(wire);
    link->wire = NULL;
}
