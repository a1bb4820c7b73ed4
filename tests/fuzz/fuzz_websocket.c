/* Any bytes after the handshake, in pieces whose sizes the first byte chooses: whatever frames they
 * are, the connection goes on or ends with a reason, and no message is over the limit. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "exchange/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_event(void *context)
{
    (void)context;
}

static void on_message(void *context, struct span message)
{
    (void)context;
    if (message.size > WEBSOCKET_MESSAGE_SIZE_MAX) {
        abort();
    }
}

/* Answers the handshake, of which the output is the question. */
static bool open_websocket(struct websocket *websocket)
{
    static const char MARK[] = "Sec-WebSocket-Key: ";
    struct text answer = {0}, text = {0};
    struct error error;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    const char *nonce = strstr(websocket_output(websocket).data, MARK) + strlen(MARK);
    text_append(&text, nonce, strcspn(nonce, "\r"));
    text_append_string(&text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    EVP_Digest(text.data, text.size, digest, &size, EVP_sha1(), NULL);
    text_append_string(&answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    base64_encode((struct span){(const char *)digest, size}, &answer);
    text_append_string(&answer, "\r\n\r\n");
    websocket_sent(websocket, websocket_output(websocket).size);
    bool opened = websocket_take(websocket, text_span(&answer), &error);
    text_free(&answer);
    text_free(&text);
    return opened;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct websocket_watch WATCH = {NULL, on_event, on_message, on_event};
    struct error error = {0};
    struct websocket *websocket = websocket_new("host", "/ws/key", &WATCH, &error);
    if (websocket == NULL || !open_websocket(websocket)) {
        abort();
    }
    size_t step = size > 0 ? (size_t)data[0] + 1 : 1;
    for (size_t at = 1; at < size; at += step) {
        struct span piece = {(const char *)data + at, size - at < step ? size - at : step};
        if (!websocket_take(websocket, piece, &error)) {
            if (error.text[0] == '\0') {
                abort();
            }
            break;
        }
        websocket_sent(websocket, websocket_output(websocket).size);
    }
    websocket_free(websocket);
    return 0;
}
