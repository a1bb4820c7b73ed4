#include "stream.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "messages.h"
#include "sim.h"

#define KEY_LIFE_MS (60 * 60 * 1000)

/* A message that waits for its time. */
struct delayed {
    struct sim_ledger *ledger;
    char *message;
    int64_t at_ms;
    struct delayed *next;
};

struct sim_ledger *stream_find_key(struct sim *sim, int product, const char *key)
{
    for (int i = 0; i < sim->accounts.count && product != PRODUCT_COUNT; i++) {
        struct sim_ledger *ledger = &sim->accounts.list[i].ledgers[product];
        if (key[0] != '\0' && strcmp(ledger->stream.listen_key, key) == 0 &&
            sim_now_ms(sim) < ledger->stream.key_expires_ms) {
            return ledger;
        }
    }
    return NULL;
}

struct reply stream_key_reply(struct sim *sim, struct sim_ledger *ledger, const char *method)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    struct sim_stream_state *state = &ledger->stream;
    unsigned char random[STREAM_KEY_SIZE - 1];
    bool is_valid = state->listen_key[0] != '\0' && sim_now_ms(sim) < state->key_expires_ms;
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
    state->key_expires_ms = sim_now_ms(sim) + KEY_LIFE_MS;
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

static bool take_fault(int *count)
{
    if (*count > 0) {
        --*count;
        return true;
    }
    return false;
}

static void log_message(struct sim *sim, const struct sim_ledger *ledger, const char *fate,
                        const char *message)
{
    fprintf(sim->messages_file,
            "{\"ms\":%lld,\"account\":\"%s\",\"product\":\"%s\",\"fate\":\"%s\",\"message\":%s}\n",
            (long long)sim_machine_ms(), ledger->account->name, ledger->product->name, fate,
            message);
}

/* The stream by which the account's messages come: that of a key that is gone stays up and silent.
 */
static const struct sim_subscription *stream_of(const struct sim_connection *c,
                                                const struct sim_ledger *ledger)
{
    for (size_t i = 0; i < c->stream_count && !(c->stalled || c->spoilt || c->over); i++) {
        const struct sim_subscription *stream = &c->streams[i];
        if (stream->ledger == ledger && strcmp(stream->name, ledger->stream.listen_key) == 0) {
            return stream;
        }
    }
    return NULL;
}

static bool has_connection(const struct sim *sim, const struct sim_ledger *ledger)
{
    const struct sim_connection *c = sim->connections;
    while (c != NULL && stream_of(c, ledger) == NULL) {
        c = c->next;
    }
    return c != NULL;
}

/* As it is, or in an envelope. */
static void send_to(struct sim_connection *connection, const struct sim_subscription *stream,
                    const char *message, bool fragments)
{
    char *envelope = NULL;
    if (connection->combined &&
        asprintf(&envelope, "{\"stream\":\"%s\",\"data\":%s}", stream->name, message) < 0) {
        abort();
    }
    const char *text = envelope != NULL ? envelope : message;
    if (fragments) {
        connection_send_fragments(connection, text);
    } else {
        connection_send(connection, text);
    }
    free(envelope);
}

/* To all connections of the account. */
static void send_all(struct sim *sim, struct sim_ledger *ledger, const char *message)
{
    static const unsigned char MASKED[] = {0x81, 0x82, 1, 2, 3, 4, '{' ^ 1, '}' ^ 2};
    static const unsigned char GARBAGE[] = {0x81, 0x03, 'x', 0xff, 0xfe};
    struct sim_stream_state *state = &ledger->stream;
    bool fragments = take_fault(&state->fragment), masks = take_fault(&state->mask);
    bool is_garbage = take_fault(&state->garbage), is_large = take_fault(&state->oversize);
    for (struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        const struct sim_subscription *stream = stream_of(c, ledger);
        if (stream == NULL) {
            continue;
        }
        send_to(c, stream, message, fragments);
        /* What no client can live with comes after the message, so that none is lost by it. */
        if (masks) {
            connection_send_raw(c, MASKED, sizeof MASKED);
        }
        if (is_garbage) {
            connection_send_raw(c, GARBAGE, sizeof GARBAGE);
        }
        if (is_large) {
            connection_send_oversize(c);
        }
        c->spoilt = masks || is_garbage || is_large;
    }
}

void stream_send(struct sim *sim, struct sim_ledger *ledger, char *message)
{
    struct sim_stream_state *state = &ledger->stream;
    if (!has_connection(sim, ledger)) {
        log_message(sim, ledger, "unheard", message);
    } else if (take_fault(&state->drop)) {
        log_message(sim, ledger, "dropped", message);
    } else if (state->held == NULL && take_fault(&state->reorder)) {
        log_message(sim, ledger, "sent", message);
        state->held = message;
        return;
    } else if (take_fault(&state->delay)) {
        struct delayed *delayed = calloc(1, sizeof *delayed);
        *delayed =
            (struct delayed){ledger, message, sim_machine_ms() + state->delay_ms, sim->delayed};
        sim->delayed = delayed;
        log_message(sim, ledger, "sent", message);
        return;
    } else {
        log_message(sim, ledger, "sent", message);
        send_all(sim, ledger, message);
        if (take_fault(&state->duplicate)) {
            send_all(sim, ledger, message);
        }
        if (state->held != NULL) {
            char *held = state->held;
            state->held = NULL;
            send_all(sim, ledger, held);
            free(held);
        }
    }
    free(message);
}

void stream_tell(struct sim *sim, struct sim_ledger *ledger)
{
    struct market_account *trader = &ledger->trader;
    for (int i = 0; i < trader->fill_count; i++) {
        const struct market_fill *fill = &trader->fills[i];
        books_note_fill(&ledger->books, trader->market, fill);
        stream_send(sim, ledger, message_order(sim, ledger, fill, ORDER_NEW));
        if (ledger->product->tells_trade_lite) {
            stream_send(sim, ledger, message_trade_lite(sim, ledger, fill));
        }
        stream_send(sim, ledger, message_order(sim, ledger, fill, ORDER_FILLED));
        stream_send(sim, ledger, message_account(sim, ledger, fill));
    }
    trader->fill_count = 0;
    if (trader->leverage_changed >= 0) {
        stream_send(sim, ledger, message_leverage(sim, ledger, trader->leverage_changed));
        trader->leverage_changed = -1;
    }
}

void stream_tell_balance(struct sim *sim, struct sim_ledger *ledger, const char *reason, int asset,
                         int symbol, double change)
{
    stream_send(sim, ledger, message_balance(sim, ledger, reason, asset, symbol, change));
}

void stream_tell_multi_assets(struct sim *sim, struct sim_ledger *ledger)
{
    stream_send(sim, ledger, message_multi_assets(sim, ledger));
}

void stream_tell_order(struct sim *sim, struct sim_ledger *ledger, const struct market_fill *order,
                       bool canceled)
{
    stream_send(sim, ledger,
                message_order(sim, ledger, order, canceled ? ORDER_CANCELED : ORDER_NEW));
}

/* Account updates that change nothing but their own balance, one after the other. */
static void send_burst(struct sim *sim, struct sim_ledger *ledger)
{
    struct sim_stream_state *state = &ledger->stream;
    int64_t now_ms = sim_machine_ms();
    double due = state->burst_a_ms * (double)(now_ms - state->burst_since_ms);
    while (state->burst_left > 0 && (state->burst_a_ms <= 0 || (double)state->burst_sent < due)) {
        state->burst_left--;
        state->burst_sent++;
        char *text = message_deposit(sim, ledger, state->burst_sent);
        send_all(sim, ledger, text);
        free(text);
    }
}

static void send_delayed(struct sim *sim)
{
    struct delayed **link = &sim->delayed;
    while (*link != NULL) {
        struct delayed *delayed = *link;
        if (delayed->at_ms <= sim_machine_ms()) {
            *link = delayed->next;
            send_all(sim, delayed->ledger, delayed->message);
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
    for (int i = 0; i < sim->accounts.count * PRODUCT_COUNT; i++) {
        struct sim_account *account = &sim->accounts.list[i / PRODUCT_COUNT];
        struct sim_ledger *ledger = &account->ledgers[i % PRODUCT_COUNT];
        if (ledger->stream.burst_left > 0) {
            send_burst(sim, ledger);
        }
    }
    while (*link != NULL) {
        struct sim_connection *c = *link;
        if (connection_work(c, sim_machine_ms())) {
            *link = c->next;
            connection_free(c);
        } else {
            link = &c->next;
        }
    }
}

void stream_end(struct sim *sim, struct sim_ledger *ledger, int code, bool stall)
{
    for (struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        if (!connection_is_of(c, ledger)) {
            continue;
        }
        c->stalled |= stall;
        if (!stall && code > 0) {
            connection_close(c, code, "simulated");
        }
        c->over |= !stall;
    }
}

void stream_expire_key(struct sim *sim, struct sim_ledger *ledger, bool as_text)
{
    stream_send(sim, ledger, message_key_expired(sim, ledger, as_text));
    ledger->stream.listen_key[0] = '\0';
}

static bool hears_any(const struct sim_connection *c)
{
    size_t i = 0;
    while (i < c->stream_count &&
           (c->streams[i].ledger == NULL || stream_of(c, c->streams[i].ledger) != &c->streams[i])) {
        i++;
    }
    return i < c->stream_count;
}

int stream_count(const struct sim *sim)
{
    int count = 0;
    for (const struct sim_connection *c = sim->connections; c != NULL; c = c->next) {
        count += hears_any(c);
    }
    return count;
}

void stream_free(struct sim *sim)
{
    while (sim->connections != NULL) {
        struct sim_connection *connection = sim->connections;
        sim->connections = connection->next;
        connection_free(connection);
    }
    while (sim->delayed != NULL) {
        struct delayed *delayed = sim->delayed;
        sim->delayed = delayed->next;
        free(delayed->message);
        free(delayed);
    }
    for (int i = 0; i < sim->accounts.count * PRODUCT_COUNT; i++) {
        free(sim->accounts.list[i / PRODUCT_COUNT].ledgers[i % PRODUCT_COUNT].stream.held);
    }
}
