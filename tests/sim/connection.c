#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sim.h"
#include "subscribe.h"

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define OVERSIZE ((size_t)2 << 20)

static ssize_t send_bytes(wslay_event_context_ptr frames, const uint8_t *data, size_t size,
                          int flags, void *context)
{
    struct sim_connection *connection = context;
    (void)flags;
    ssize_t sent = send(connection->file, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        wslay_event_set_error(frames, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
        connection->over |= !later;
    }
    return sent;
}

static ssize_t receive_bytes(wslay_event_context_ptr frames, uint8_t *buffer, size_t room,
                             int flags, void *context)
{
    struct sim_connection *connection = context;
    (void)flags;
    ssize_t size = recv(connection->file, buffer, room, MSG_DONTWAIT);
    if (size <= 0) {
        bool later = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        wslay_event_set_error(frames, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
        connection->over |= !later;
        return -1;
    }
    return size;
}

/* Whether the client sends more than it may: then the connection is ended. */
static bool is_too_much(struct sim_connection *connection)
{
    int64_t second = sim_machine_ms() / 1000;
    if (second != connection->second) {
        connection->second = second;
        connection->heard_count = 0;
    }
    return ++connection->heard_count > connection->sim->message_limit;
}

static void take_message(wslay_event_context_ptr frames,
                         const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct sim_connection *connection = context;
    (void)frames;
    if (message->opcode == WSLAY_CONNECTION_CLOSE) {
        return;
    }
    if (is_too_much(connection)) {
        connection_close(connection, WSLAY_CODE_POLICY_VIOLATION, "Too many requests");
    } else if (message->opcode == WSLAY_TEXT_FRAME) {
        subscribe_answer(connection, (const char *)message->msg, message->msg_length);
    }
}

static const struct wslay_event_callbacks CALLBACKS = {
    .recv_callback = receive_bytes,
    .send_callback = send_bytes,
    .on_msg_recv_callback = take_message,
};

static void on_upgrade(void *context, struct MHD_Connection *mhd, void *request_context,
                       const char *extra, size_t extra_size, MHD_socket file,
                       struct MHD_UpgradeResponseHandle *upgrade)
{
    struct sim_connection *connection = context;
    struct sim *sim = connection->sim;
    (void)mhd;
    (void)request_context;
    (void)extra;
    (void)extra_size; /* a client waits for the answer before it says more */
    connection->file = file;
    connection->upgrade = upgrade;
    fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK);
    wslay_event_context_server_init(&connection->frames, &CALLBACKS, connection);
    wslay_event_config_set_max_recv_msg_length(connection->frames, INCOMING_SIZE_MAX);
    connection->next = sim->connections;
    sim->connections = connection;
}

bool connection_is_stream_name(const char *name)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@!.";
    size_t size = strlen(name);
    return size > 0 && size < STREAM_KEY_SIZE && strspn(name, LETTERS) == size;
}

bool connection_subscribe(struct sim_connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->stream_count; i++) {
        if (strcmp(connection->streams[i].name, name) == 0) {
            return true;
        }
    }
    if (connection->stream_count == STREAMS_MAX) {
        return false;
    }
    struct sim_subscription *grown =
        reallocarray(connection->streams, connection->stream_count + 1, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    connection->streams = grown;
    struct sim_subscription *added = &grown[connection->stream_count++];
    snprintf(added->name, sizeof added->name, "%s", name);
    added->ledger = stream_find_key(connection->sim, connection->product, added->name);
    return true;
}

void connection_unsubscribe(struct sim_connection *connection, const char *name)
{
    struct sim_subscription *streams = connection->streams;
    for (size_t i = 0; i < connection->stream_count; i++) {
        if (strcmp(streams[i].name, name) == 0) {
            connection->stream_count--;
            memmove(&streams[i], &streams[i + 1], (connection->stream_count - i) * sizeof *streams);
            return;
        }
    }
}

bool connection_is_of(const struct sim_connection *connection, const struct sim_ledger *ledger)
{
    size_t i = 0;
    while (i < connection->stream_count && connection->streams[i].ledger != ledger) {
        i++;
    }
    return i < connection->stream_count;
}

/* Those that the URL names; a wrong one opens too, and nothing comes by it. */
static void subscribe_by_url(struct sim_connection *connection, struct request *request)
{
    const char *path = request->stream.rest, *key = sim_parameter(request, "listenKey");
    if (strncmp(path, "/ws/", 4) == 0) {
        connection_subscribe(connection, path + 4);
        return;
    }
    if (connection->product == USD_M && key[0] != '\0') {
        connection_subscribe(connection, key);
        return;
    }
    char *names = strdup(sim_parameter(request, "streams")), *rest = NULL;
    connection->combined = strcmp(path, "/stream") == 0;
    for (char *name = strtok_r(names, "/", &rest); connection->combined && name != NULL;
         name = strtok_r(NULL, "/", &rest)) {
        connection_subscribe(connection, name);
    }
    free(names);
}

static const char *request_header(struct request *request, const char *name)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
    return value == NULL ? "" : value;
}

void connection_log(struct sim *sim, const char *account, int product, int status)
{
    fprintf(
        sim->handshakes_file,
        "{\"ms\":%lld,\"exchange_ms\":%lld,\"account\":\"%s\",\"status\":%d,\"product\":\"%s\"}\n",
        (long long)sim_machine_ms(), (long long)sim_now_ms(sim), account, status,
        product == PRODUCT_COUNT ? "" : PRODUCTS[product].name);
}

int connection_upgrade(struct sim *sim, struct request *request)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    char text[256], accept[64];
    const char *nonce = request_header(request, "Sec-WebSocket-Key");
    if (strcasecmp(request_header(request, "Upgrade"), "websocket") != 0 ||
        strcmp(request_header(request, "Sec-WebSocket-Version"), "13") != 0 ||
        strlen(nonce) != 24) {
        return (int)sim_answer(request, 400, "not a WebSocket handshake\n", 26, NULL);
    }
    snprintf(text, sizeof text, "%s%s", nonce, ACCEPT_GUID);
    EVP_Digest(text, strlen(text), digest, &digest_size, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_size);
    struct sim_connection *connection = calloc(1, sizeof *connection);
    connection->sim = sim;
    connection->product = request->stream.product;
    subscribe_by_url(connection, request);
    const struct sim_ledger *ledger =
        connection->stream_count > 0 ? connection->streams[0].ledger : NULL;
    connection_log(sim, ledger != NULL ? ledger->account->name : "", connection->product,
                   MHD_HTTP_SWITCHING_PROTOCOLS);
    connection->stalled = sim->streams_stall;
    if (sim->stream_life_ms > 0) {
        connection->end_ms = sim_machine_ms() + sim->stream_life_ms;
    }
    struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, connection);
    MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
    MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
    return (int)sim_send(request, MHD_HTTP_SWITCHING_PROTOCOLS, response);
}

void connection_send_raw(struct sim_connection *connection, const void *bytes, size_t size)
{
    wslay_event_send(connection->frames);
    if (send(connection->file, bytes, size, MSG_NOSIGNAL) < 0) {
        connection->over = true;
    }
}

struct source {
    const char *text;
    size_t size;
    size_t at;
};

/* Three bytes a frame. */
static ssize_t give_part(wslay_event_context_ptr frames, uint8_t *buffer, size_t room,
                         const union wslay_event_msg_source *source, int *eof, void *context)
{
    struct source *text = source->data;
    size_t size = text->size - text->at < 3 ? text->size - text->at : 3;
    (void)frames;
    (void)context;
    size = size < room ? size : room;
    memcpy(buffer, text->text + text->at, size);
    text->at += size;
    *eof = text->at == text->size;
    return (ssize_t)size;
}

void connection_send_fragments(struct sim_connection *connection, const char *text)
{
    struct source source = {text, strlen(text), 0};
    const struct wslay_event_fragmented_msg fragments = {
        .opcode = WSLAY_TEXT_FRAME, .source = {.data = &source}, .read_callback = give_part};
    wslay_event_queue_fragmented_msg(connection->frames, &fragments);
    while (source.at < source.size && wslay_event_send(connection->frames) == 0 &&
           !connection->over) {
    }
}

void connection_send_oversize(struct sim_connection *connection)
{
    char *large = malloc(OVERSIZE);
    const struct wslay_event_msg message = {
        .opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)large, .msg_length = OVERSIZE};
    memset(large, ' ', OVERSIZE);
    wslay_event_queue_msg(connection->frames, &message);
    free(large);
}

void connection_send(struct sim_connection *connection, const char *text)
{
    const struct wslay_event_msg message = {
        .opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = strlen(text)};
    wslay_event_queue_msg(connection->frames, &message);
    wslay_event_send(connection->frames);
}

bool connection_work(struct sim_connection *connection, int64_t now_ms)
{
    wslay_event_context_ptr frames = connection->frames;
    if (!connection->stalled) {
        wslay_event_recv(frames);
        wslay_event_send(frames);
    }
    if (connection->end_ms > 0 && now_ms >= connection->end_ms) {
        connection_close(connection, WSLAY_CODE_GOING_AWAY, "a day is over");
    }
    return connection->over ||
           (wslay_event_get_close_received(frames) && wslay_event_get_close_sent(frames));
}

void connection_close(struct sim_connection *connection, int code, const char *reason)
{
    wslay_event_queue_close(connection->frames, (uint16_t)code, (const uint8_t *)reason,
                            strlen(reason));
    wslay_event_send(connection->frames);
    connection->over = true;
}

void connection_free(struct sim_connection *connection)
{
    wslay_event_context_free(connection->frames);
    MHD_upgrade_action(connection->upgrade, MHD_UPGRADE_ACTION_CLOSE);
    free(connection->streams);
    free(connection);
}
