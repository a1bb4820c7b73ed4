#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "messages.h"
#include "sim.h"

#define KEY_LIFE_MS (60 * 60 * 1000)
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define OVERSIZE ((size_t)2 << 20)

/* One connection. */
struct sim_connection {
    struct sim *sim;
    struct sim_account *account; /* NULL: of a key that nobody has */
    char key[STREAM_KEY_SIZE];   /* that it was opened with */
    MHD_socket file;
    struct MHD_UpgradeResponseHandle *upgrade;
    wslay_event_context_ptr frames;
    bool stalled; /* nothing is said or heard any more */
    bool spoilt;  /* said what no client can live with: it is for the client to end it */
    bool over;
    int64_t end_ms; /* 0: lives on */
    struct sim_connection *next;
};

/* A message that waits for its time. */
struct delayed {
    struct sim_account *account;
    char *message;
    int64_t at_ms;
    struct delayed *next;
};

static int64_t local_ms(const struct sim *sim)
{
    return sim_now_ms(sim) - sim->clock_offset_ms;
}

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

static const struct wslay_event_callbacks CALLBACKS = {
    .recv_callback = receive_bytes,
    .send_callback = send_bytes,
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
    connection->next = sim->connections;
    sim->connections = connection;
}

static struct sim_account *find_key(struct sim *sim, const char *key)
{
    for (int i = 0; i < sim->accounts.count; i++) {
        struct sim_account *account = &sim->accounts.list[i];
        if (key[0] != '\0' && strcmp(account->stream.listen_key, key) == 0 &&
            local_ms(sim) < account->stream.key_expires_ms) {
            return account;
        }
    }
    return NULL;
}

static const char *request_header(struct request *request, const char *name)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
    return value == NULL ? "" : value;
}

int stream_upgrade(struct sim *sim, struct request *request, const char *path)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    char text[256], accept[64];
    const char *nonce = request_header(request, "Sec-WebSocket-Key");
    struct sim_account *account = find_key(sim, path + strlen("/ws/"));
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
    connection->account = account; /* with any key it opens; with a wrong one nothing comes */
    snprintf(connection->key, sizeof connection->key, "%s", path + strlen("/ws/"));
    if (sim->stream_life_ms > 0) {
        connection->end_ms = local_ms(sim) + sim->stream_life_ms;
    }
    struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, connection);
    MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
    MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
    enum MHD_Result result =
        MHD_queue_response(request->connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
    MHD_destroy_response(response);
    return (int)result;
}

struct reply stream_key_reply(struct sim *sim, struct sim_account *account, const char *method)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct sim_stream_state *state = &account->stream;
    unsigned char random[STREAM_KEY_SIZE - 1];
    bool is_valid = state->listen_key[0] != '\0' && local_ms(sim) < state->key_expires_ms;
    struct reply reply = {.status = 200};
    if (state->refuses_keys) {
        return error_reply(401, -2015, "Invalid API-key, IP, or permissions for action.");
    }
    if (strcmp(method, "POST") != 0 && !is_valid) {
        return error_reply(400, -1125, "This listenKey does not exist.");
    }
    if (!is_valid) {
        RAND_bytes(random, sizeof random);
        for (size_t i = 0; i < sizeof random; i++) {
            state->listen_key[i] = DIGITS[random[i] % (sizeof DIGITS - 1)];
        }
        fprintf(sim->keys_file, "%s\n", state->listen_key);
    }
    state->key_expires_ms = local_ms(sim) + KEY_LIFE_MS;
    FILE *out = open_memstream(&reply.body, &reply.size);
    if (strcmp(method, "DELETE") == 0) {
        state->listen_key[0] = '\0';
        fputs("{}", out);
    } else {
        fprintf(out, "{\"listenKey\":\"%s\"}", state->listen_key);
    }
    fclose(out);
    return reply;
}

/* Sends a frame by hand, as no honest server would. */
static void send_raw(struct sim_connection *connection, const void *bytes, size_t size)
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

static void send_fragments(struct sim_connection *connection, const char *message)
{
    struct source source = {message, strlen(message), 0};
    const struct wslay_event_fragmented_msg fragments = {
        .opcode = WSLAY_TEXT_FRAME, .source = {.data = &source}, .read_callback = give_part};
    wslay_event_queue_fragmented_msg(connection->frames, &fragments);
    while (source.at < source.size && wslay_event_send(connection->frames) == 0 &&
           !connection->over) {
    }
}

static void send_oversize(struct sim_connection *connection)
{
    char *large = malloc(OVERSIZE);
    const struct wslay_event_msg message = {
        .opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)large, .msg_length = OVERSIZE};
    memset(large, ' ', OVERSIZE);
    wslay_event_queue_msg(connection->frames, &message);
    free(large);
}

static void send_one(struct sim_connection *connection, const char *message)
{
    const struct wslay_event_msg text = {
        .opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)message, .msg_length = strlen(message)};
    wslay_event_queue_msg(connection->frames, &text);
    wslay_event_send(connection->frames);
}

static bool take_fault(int *count)
{
    if (*count > 0) {
        --*count;
        return true;
    }
    return false;
}

static void log_message(struct sim *sim, const struct sim_account *account, const char *fate,
                        const char *message)
{
    fprintf(sim->messages_file, "{\"ms\":%lld,\"account\":\"%s\",\"fate\":\"%s\",\"message\":%s}\n",
            (long long)local_ms(sim), account->name, fate, message);
}

/* Whether the account's messages come by it: that of a key that is gone stays up and silent. */
static bool hears(const struct sim_connection *c, const struct sim_account *account)
{
    return c->account == account && strcmp(c->key, account->stream.listen_key) == 0 &&
           !(c->stalled || c->spoilt || c->over);
}

static bool has_connection(const struct sim *sim, const struct sim_account *account)
{
    const struct sim_connection *c = sim->connections;
    while (c != NULL && !hears(c, account)) {
        c = c->next;
    }
    return c != NULL;
}

/* To all connections of the account. */
static void send_all(struct sim *sim, struct sim_account *account, const char *message)
{
    static const unsigned char MASKED[] = {0x81, 0x82, 1, 2, 3, 4, '{' ^ 1, '}' ^ 2};
    static const unsigned char GARBAGE[] = {0x81, 0x03, 'x', 0xff, 0xfe};
    struct sim_stream_state *state = &account->stream;
    bool fragments = take_fault(&state->fragment), masks = take_fault(&state->mask);
    bool is_garbage = take_fault(&state->garbage), is_large = take_fault(&state->oversize);
    for (struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        if (!hears(c, account)) {
            continue;
        }
        if (fragments) {
            send_fragments(c, message);
        } else {
            send_one(c, message);
        }
        /* What no client can live with comes after the message, so that none is lost by it. */
        if (masks) {
            send_raw(c, MASKED, sizeof MASKED);
        }
        if (is_garbage) {
            send_raw(c, GARBAGE, sizeof GARBAGE);
        }
        if (is_large) {
            send_oversize(c);
        }
        c->spoilt = masks || is_garbage || is_large;
    }
}

void stream_send(struct sim *sim, struct sim_account *account, char *message)
{
    struct sim_stream_state *state = &account->stream;
    if (!has_connection(sim, account)) {
        log_message(sim, account, "unheard", message);
    } else if (take_fault(&state->drop)) {
        log_message(sim, account, "dropped", message);
    } else if (state->held == NULL && take_fault(&state->reorder)) {
        log_message(sim, account, "sent", message);
        state->held = message;
        return;
    } else if (take_fault(&state->delay)) {
        struct delayed *delayed = calloc(1, sizeof *delayed);
        *delayed =
            (struct delayed){account, message, local_ms(sim) + state->delay_ms, sim->delayed};
        sim->delayed = delayed;
        log_message(sim, account, "sent", message);
        return;
    } else {
        log_message(sim, account, "sent", message);
        send_all(sim, account, message);
        if (take_fault(&state->duplicate)) {
            send_all(sim, account, message);
        }
        if (state->held != NULL) {
            char *held = state->held;
            state->held = NULL;
            send_all(sim, account, held);
            free(held);
        }
    }
    free(message);
}

void stream_tell(struct sim *sim, struct sim_account *account)
{
    struct market_account *market = &account->market;
    for (int i = 0; i < market->fill_count; i++) {
        const struct market_fill *fill = &market->fills[i];
        books_note_fill(&account->books, sim->symbols, fill);
        stream_send(sim, account, message_order(sim, account, fill, false));
        stream_send(sim, account, message_order(sim, account, fill, true));
        stream_send(sim, account, message_account(sim, account, fill));
    }
    market->fill_count = 0;
    if (market->leverage_changed >= 0) {
        stream_send(sim, account, message_leverage(sim, account, market->leverage_changed));
        market->leverage_changed = -1;
    }
}

void stream_tell_balance(struct sim *sim, struct sim_account *account, const char *reason,
                         int wallet, int symbol, double change)
{
    stream_send(sim, account, message_balance(sim, account, reason, wallet, symbol, change));
}

/* Account updates that change nothing but their own balance, one after the other. */
static void send_burst(struct sim *sim, struct sim_account *account)
{
    struct sim_stream_state *state = &account->stream;
    int64_t now_ms = local_ms(sim);
    double due = state->burst_a_ms * (double)(now_ms - state->burst_since_ms);
    while (state->burst_left > 0 && (state->burst_a_ms <= 0 || (double)state->burst_sent < due)) {
        state->burst_left--;
        state->burst_sent++;
        char *text = message_deposit(sim, account, state->burst_sent);
        send_all(sim, account, text);
        free(text);
    }
}

static void free_connection(struct sim_connection *connection)
{
    wslay_event_context_free(connection->frames);
    MHD_upgrade_action(connection->upgrade, MHD_UPGRADE_ACTION_CLOSE);
    free(connection);
}

static void send_delayed(struct sim *sim)
{
    struct delayed **link = &sim->delayed;
    while (*link != NULL) {
        struct delayed *delayed = *link;
        if (delayed->at_ms <= local_ms(sim)) {
            *link = delayed->next;
            send_all(sim, delayed->account, delayed->message);
            free(delayed->message);
            free(delayed);
        } else {
            link = &delayed->next;
        }
    }
}

void stream_work(struct sim *sim)
{
    struct sim_connection **link = &sim->connections;
    send_delayed(sim);
    for (int i = 0; i < sim->accounts.count; i++) {
        if (sim->accounts.list[i].stream.burst_left > 0) {
            send_burst(sim, &sim->accounts.list[i]);
        }
    }
    while (*link != NULL) {
        struct sim_connection *c = *link;
        if (!c->stalled) {
            wslay_event_recv(c->frames);
            wslay_event_send(c->frames);
        }
        bool closed =
            wslay_event_get_close_received(c->frames) && wslay_event_get_close_sent(c->frames);
        if (c->end_ms > 0 && local_ms(sim) >= c->end_ms) {
            wslay_event_queue_close(c->frames, 1001, (const uint8_t *)"a day is over", 13);
            wslay_event_send(c->frames);
            closed = true;
        }
        if (c->over || closed) {
            *link = c->next;
            free_connection(c);
        } else {
            link = &c->next;
        }
    }
}

void stream_end(struct sim *sim, struct sim_account *account, int code, bool stall)
{
    for (struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        if (c->account != account) {
            continue;
        }
        c->stalled |= stall;
        if (!stall && code > 0) {
            wslay_event_queue_close(c->frames, (uint16_t)code, (const uint8_t *)"simulated", 9);
            wslay_event_send(c->frames);
        }
        c->over |= !stall;
    }
}

void stream_expire_key(struct sim *sim, struct sim_account *account, bool as_text)
{
    stream_send(sim, account, message_key_expired(sim, account, as_text));
    account->stream.listen_key[0] = '\0';
}

int stream_count(const struct sim *sim)
{
    int count = 0;
    for (const struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        count += c->account != NULL && hears(c, c->account);
    }
    return count;
}

void stream_free(struct sim *sim)
{
    while (sim->connections != NULL) {
        struct sim_connection *connection = sim->connections;
        sim->connections = connection->next;
        free_connection(connection);
    }
    while (sim->delayed != NULL) {
        struct delayed *delayed = sim->delayed;
        sim->delayed = delayed->next;
        free(delayed->message);
        free(delayed);
    }
    for (int i = 0; i < sim->accounts.count; i++) {
        free(sim->accounts.list[i].stream.held);
    }
}
