#include "exchange/websocket.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#define NONCE_SIZE 16
#define DIGEST_SIZE 20
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1)
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, section 1.3 */
#define REASON_SHOWN_MAX 120

struct websocket {
    struct websocket_watch watch;
    wslay_event_context_ptr frames;
    struct text output;
    size_t pong_size;   /* of the pong that ends the output and of which nothing was sent; or 0 */
    int pieces;         /* of the message that is coming */
    struct text answer; /* the handshake's, as far as it came */
    char accept[BASE64_SIZE(DIGEST_SIZE)]; /* what it must say */
    bool is_open;
    bool is_unread; /* by the server: the output is full */
    struct maybe_int status;
    struct span input;                 /* bytes that wslay has not read yet */
    char reason[REASON_SHOWN_MAX + 1]; /* of a close frame */
};

static ssize_t give_input(wslay_event_context_ptr frames, uint8_t *buffer, size_t room, int flags,
                          void *context)
{
    struct websocket *websocket = context;
    size_t size = websocket->input.size < room ? websocket->input.size : room;
    (void)flags;
    if (size == 0) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buffer, websocket->input.data, size);
    websocket->input = (struct span){websocket->input.data + size, websocket->input.size - size};
    return (ssize_t)size;
}

static ssize_t take_output(wslay_event_context_ptr frames, const uint8_t *data, size_t size,
                           int flags, void *context)
{
    struct websocket *websocket = context;
    (void)flags;
    if (websocket->output.size + size > WEBSOCKET_OUTPUT_SIZE_MAX) {
        websocket->is_unread = true;
    } else {
        text_append(&websocket->output, data, size);
    }
    if (websocket->is_unread || websocket->output.failed) {
        wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    return (ssize_t)size;
}

static int make_mask(wslay_event_context_ptr frames, uint8_t *buffer, size_t size, void *context)
{
    (void)frames;
    (void)context;
    return RAND_bytes(buffer, (int)size) == 1 ? 0 : -1;
}

/* Turns what is queued into output. */
static void flush_frames(struct websocket *websocket)
{
    if (wslay_event_want_write(websocket->frames)) {
        websocket->pong_size = 0;
        wslay_event_send(websocket->frames);
    }
}

/* The answer to a ping, which wslay has queued. Only the newest is owed (RFC 6455, section 5.5.3):
 * it takes the place of one that waits. */
static void answer_ping(struct websocket *websocket)
{
    struct text *output = &websocket->output;
    size_t before = output->size -= websocket->pong_size;
    flush_frames(websocket);
    websocket->pong_size = output->size - before;
}

/* wslay keeps each piece of a message in memory of its own, which takes a hundred times a byte. */
static void count_piece(wslay_event_context_ptr frames,
                        const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    struct websocket *websocket = context;
    if (!wslay_is_ctrl_frame(frame->opcode)) {
        websocket->pieces = frame->opcode == WSLAY_CONTINUATION_FRAME ? websocket->pieces + 1 : 1;
    }
    if (websocket->pieces > WEBSOCKET_PIECES_MAX) {
        wslay_event_shutdown_read(frames);
    }
}

static void take_message(wslay_event_context_ptr frames,
                         const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct websocket *websocket = context;
    struct span bytes = {(const char *)message->msg, message->msg_length};
    (void)frames;
    switch (message->opcode) {
    case WSLAY_PING:
        answer_ping(websocket);
        break;
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
        websocket->watch.on_message(websocket->watch.context, bytes);
        break;
    case WSLAY_PONG:
        websocket->watch.on_pong(websocket->watch.context);
        break;
    case WSLAY_CONNECTION_CLOSE:
        /* The first two bytes are the status code. */
        if (bytes.size > 2) {
            snprintf(websocket->reason, sizeof websocket->reason, "%.*s", (int)(bytes.size - 2),
                     bytes.data + 2);
        }
        break;
    default:
        break;
    }
}

/* What the server must answer to the nonce is base64 of SHA-1 (RFC 6455, section 4.2.2). */
static bool make_request(struct websocket *websocket, const char *host, const char *path)
{
    unsigned char bytes[NONCE_SIZE], digest[DIGEST_SIZE];
    char nonce[BASE64_SIZE(NONCE_SIZE) + sizeof ACCEPT_GUID];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    int size = EVP_EncodeBlock((unsigned char *)nonce, bytes, sizeof bytes);
    text_printf(&websocket->output,
                "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nUser-Agent: posrec\r\n\r\n",
                path, host, nonce);
    memcpy(nonce + size, ACCEPT_GUID, sizeof ACCEPT_GUID);
    if (EVP_Digest(nonce, strlen(nonce), digest, NULL, EVP_sha1(), NULL) != 1) {
        return false;
    }
    EVP_EncodeBlock((unsigned char *)websocket->accept, digest, sizeof digest);
    return !websocket->output.failed;
}

struct websocket *websocket_new(const char *host, const char *path,
                                const struct websocket_watch *watch, struct error *error)
{
    static const struct wslay_event_callbacks CALLBACKS = {
        .recv_callback = give_input,
        .send_callback = take_output,
        .genmask_callback = make_mask,
        .on_frame_recv_start_callback = count_piece,
        .on_msg_recv_callback = take_message,
    };
    struct websocket *websocket = calloc(1, sizeof *websocket);
    if (websocket != NULL) {
        websocket->watch = *watch;
        if (wslay_event_context_client_init(&websocket->frames, &CALLBACKS, websocket) == 0 &&
            make_request(websocket, host, path)) {
            wslay_event_config_set_max_recv_msg_length(websocket->frames,
                                                       WEBSOCKET_MESSAGE_SIZE_MAX);
            return websocket;
        }
    }
    websocket_free(websocket);
    error_no_memory(error);
    return NULL;
}

void websocket_free(struct websocket *websocket)
{
    if (websocket == NULL) {
        return;
    }
    if (websocket->frames != NULL) {
        wslay_event_context_free(websocket->frames);
    }
    text_wipe(&websocket->output);
    text_free(&websocket->answer);
    free(websocket);
}

struct span websocket_output(const struct websocket *websocket)
{
    return text_span(&websocket->output);
}

void websocket_sent(struct websocket *websocket, size_t size)
{
    struct text *output = &websocket->output;
    assert(size <= output->size);
    size_t left = output->size - size;
    memmove(output->data, output->data + size, left);
    explicit_bzero(output->data + left, size);
    output->size = left;
    websocket->pong_size = left < websocket->pong_size ? 0 : websocket->pong_size;
}

void websocket_ping(struct websocket *websocket)
{
    const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
    wslay_event_queue_msg(websocket->frames, &ping);
    flush_frames(websocket);
}

void websocket_close(struct websocket *websocket)
{
    if (websocket->is_open) {
        wslay_event_queue_close(websocket->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
        flush_frames(websocket);
    }
}

struct maybe_int websocket_status(const struct websocket *websocket)
{
    return websocket->status;
}

/* What stands after the start of a line of the answer; empty when there is no such line. */
static struct span header(const char *answer, const char *start)
{
    const char *value = strcasestr(answer, start);
    if (value == NULL) {
        return (struct span){"", 0};
    }
    value += strlen(start);
    value += strspn(value, " ");
    size_t size = strcspn(value, "\r\n");
    while (size > 0 && value[size - 1] == ' ') {
        size--;
    }
    return (struct span){value, size};
}

/* Whether a header's list has a word, whatever its case. */
static bool has_word(struct span list, const char *word)
{
    const char *found = strcasestr(list.data, word);
    return found != NULL && found + strlen(word) <= list.data + list.size;
}

static bool check_answer(struct websocket *websocket, const char *answer, struct error *error)
{
    int status = 0;
    if (sscanf(answer, "HTTP/1.%*d %3d", &status) != 1) {
        return error_set(error, ERROR_FAILED, "the server's answer is not HTTP/1.1");
    }
    websocket->status = maybe_of(status);
    if (status != 101) {
        return error_set(error, ERROR_FAILED, "the server answered HTTP %d, not 101", status);
    }
    if (!has_word(header(answer, "\r\nUpgrade:"), "websocket") ||
        !has_word(header(answer, "\r\nConnection:"), "upgrade")) {
        return error_set(error, ERROR_FAILED, "the server did not upgrade the connection");
    }
    if (!span_equal(header(answer, "\r\nSec-WebSocket-Accept:"), span_of(websocket->accept))) {
        return error_set(error, ERROR_FAILED, "the server's Sec-WebSocket-Accept is wrong");
    }
    if (header(answer, "\r\nSec-WebSocket-Extensions:").size > 0 ||
        header(answer, "\r\nSec-WebSocket-Protocol:").size > 0) {
        return error_set(error, ERROR_FAILED, "the server uses an extension that nobody asked for");
    }
    return true;
}

/* Gathers the handshake's answer; what comes after it in the same bytes is frames already. */
static bool take_answer(struct websocket *websocket, struct span *bytes, struct error *error)
{
    struct text *answer = &websocket->answer;
    size_t before = answer->size;
    text_append(answer, bytes->data, bytes->size);
    if (answer->failed) {
        return error_no_memory(error);
    }
    char *end = memmem(answer->data, answer->size, "\r\n\r\n", 4);
    if (end == NULL) {
        *bytes = (struct span){bytes->data + bytes->size, 0};
        return answer->size <= WEBSOCKET_ANSWER_SIZE_MAX ||
               error_set(error, ERROR_FAILED, "the server's answer has no end");
    }
    end[2] = '\0'; /* of what comes after it nothing is a header */
    size_t used = (size_t)(end + 4 - answer->data) - before;
    *bytes = (struct span){bytes->data + used, bytes->size - used};
    if (!check_answer(websocket, answer->data, error)) {
        return false;
    }
    websocket->is_open = true;
    text_free(answer);
    websocket->watch.on_opened(websocket->watch.context);
    return true;
}

/* Why wslay reads no more. */
static bool say_end(const struct websocket *websocket, struct error *error)
{
    if (wslay_event_get_close_received(websocket->frames)) {
        unsigned code = wslay_event_get_status_code_received(websocket->frames);
        return error_set(error, ERROR_FAILED, "closed by the server, code %u%s%s", code,
                         websocket->reason[0] != '\0' ? ": " : "", websocket->reason);
    }
    if (websocket->pieces > WEBSOCKET_PIECES_MAX) {
        return error_set(error, ERROR_FAILED, "a message in more than %d pieces",
                         WEBSOCKET_PIECES_MAX);
    }
    switch (wslay_event_get_status_code_sent(websocket->frames)) {
    case WSLAY_CODE_MESSAGE_TOO_BIG:
        return error_set(error, ERROR_FAILED, "a message of more than %zu bytes",
                         WEBSOCKET_MESSAGE_SIZE_MAX);
    case WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA:
        return error_set(error, ERROR_FAILED, "a message that is not UTF-8");
    default:
        return error_set(error, ERROR_FAILED, "a frame against the protocol");
    }
}

bool websocket_take(struct websocket *websocket, struct span bytes, struct error *error)
{
    if (!websocket->is_open && !take_answer(websocket, &bytes, error)) {
        return false;
    }
    websocket->input = bytes;
    bool good = true;
    while (good && websocket->input.size > 0) {
        int result = wslay_event_recv(websocket->frames);
        flush_frames(websocket);
        if (websocket->is_unread) {
            good = error_set(error, ERROR_FAILED, "the server reads nothing of what it is sent");
        } else if (!wslay_event_get_read_enabled(websocket->frames) ||
                   wslay_event_get_close_received(websocket->frames)) {
            good = say_end(websocket, error);
        } else if (result != 0) {
            good = result == WSLAY_ERR_NOMEM
                       ? error_no_memory(error)
                       : error_set(error, ERROR_FAILED, "a frame against the protocol");
        }
    }
    websocket->is_open = websocket->is_open && good;
    return good && (!websocket->output.failed || error_no_memory(error));
}
