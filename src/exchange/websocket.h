/* A WebSocket client (RFC 6455) that owns no socket and no loop: it is handed the bytes that came,
 * hands out messages, and says which bytes are to be sent. Frames are wslay's business; the
 * handshake is done here.
 *
 * A message of more than WEBSOCKET_MESSAGE_SIZE_MAX or of more pieces than WEBSOCKET_PIECES_MAX, a
 * text that is not UTF-8, a masked or otherwise wrong frame, and a close frame end the connection.
 * So does a server that lets more than WEBSOCKET_OUTPUT_SIZE_MAX wait. Pings are answered: of those
 * that came while an answer waited to be sent, the newest. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "model/maybe.h"

#define WEBSOCKET_MESSAGE_SIZE_MAX ((size_t)1 << 20)
#define WEBSOCKET_PIECES_MAX 1024
#define WEBSOCKET_ANSWER_SIZE_MAX ((size_t)16 << 10) /* of the handshake */
#define WEBSOCKET_OUTPUT_SIZE_MAX ((size_t)16 << 10)

struct websocket_watch {
    void *context;
    void (*on_opened)(void *context);
    void (*on_message)(void *context, struct span message);
    void (*on_pong)(void *context);
};

struct websocket;

/* Starts the handshake for `path` at `host` (with its port, where it is not the usual one): the
 * first output is the request. NULL with the error set on failure. */
struct websocket *websocket_new(const char *host, const char *path,
                                const struct websocket_watch *watch, struct error *error);

/* Wipes and frees: the path may be a secret. */
void websocket_free(struct websocket *websocket);

/* Takes bytes that came and calls the watch for what they hold. False when the connection is over:
 * the error says why; then close it once the output is sent, or at once. */
bool websocket_take(struct websocket *websocket, struct span bytes, struct error *error);

/* The bytes to be sent, and how many of them were. */
struct span websocket_output(const struct websocket *websocket);
void websocket_sent(struct websocket *websocket, size_t size);

/* Queues a ping, or the end. */
void websocket_ping(struct websocket *websocket);
void websocket_close(struct websocket *websocket);

/* The handshake's HTTP status, once it came. */
struct maybe_int websocket_status(const struct websocket *websocket);
