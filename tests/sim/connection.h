/* A WebSocket connection of the simulated exchange (wslay over MHD's upgrade), and the streams that
 * it is subscribed to: the one of /ws/NAME, those of /stream?streams=NAME/NAME, and what its client
 * asks for later (subscribe.h). USD-M has them under /private; elsewhere its keys open and tell
 * nothing; those of market data under /market and /public open too. */
#ifndef SIM_CONNECTION_H
#define SIM_CONNECTION_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wslay/wslay.h>

#include "stream.h"

#define STREAMS_MAX 200 /* of one connection (COIN-M, "Websocket Market Streams") */
#define INCOMING_SIZE_MAX ((size_t)64 << 10)

/* A stream that a connection is subscribed to. */
struct sim_subscription {
    char name[STREAM_KEY_SIZE];
    struct sim_ledger *ledger; /* NULL: the name is not the listen key of anybody */
};

struct sim_connection {
    struct sim *sim;
    int product; /* whose keys open its streams */
    struct sim_subscription *streams;
    size_t stream_count;
    bool combined; /* each message in an envelope that names its stream */
    MHD_socket file;
    struct MHD_UpgradeResponseHandle *upgrade;
    wslay_event_context_ptr frames;
    int64_t second;  /* which one heard_count counts */
    int heard_count; /* what the client has sent in it */
    bool stalled;    /* nothing is said or heard any more */
    bool spoilt;     /* said what no client can live with: it is for the client to end it */
    bool over;
    int64_t end_ms; /* 0: lives on */
    struct sim_connection *next;
};

/* Answers a WebSocket handshake for /ws, /ws/NAME or /stream, those of a product (USD-M has
 * /ws?listenKey=NAME too): 101, and a
 * connection in the list of `sim` from then on, or an error. */
int connection_upgrade(struct sim *sim, struct request *request);

/* Notes a handshake, of the account "" where none is known, and what it was answered: 0 for
 * nothing; those of market data under /market and /public open too. */
void connection_log(struct sim *sim, const char *account, int product, int status);

/* Whether a stream can have this name. */
bool connection_is_stream_name(const char *name);

/* Subscribes to a stream, or does nothing when it is already. With any name that a stream can have
 * this succeeds: nothing comes where it is a key that nobody has. False when there are too many. */
bool connection_subscribe(struct sim_connection *connection, const char *name);
void connection_unsubscribe(struct sim_connection *connection, const char *name);

/* Whether one of its streams is, or was, the ledger's. */
bool connection_is_of(const struct sim_connection *connection, const struct sim_ledger *ledger);

/* Sends a text as it is; ... */
void connection_send(struct sim_connection *connection, const char *text);

/* ... in frames of three bytes; ... */
void connection_send_fragments(struct sim_connection *connection, const char *text);

/* ... bytes by hand, as no honest server would; ... */
void connection_send_raw(struct sim_connection *connection, const void *bytes, size_t size);

/* ... and more than any client takes. */
void connection_send_oversize(struct sim_connection *connection);

/* Reads and writes what goes, unless it is stalled; true when it has ended. */
bool connection_work(struct sim_connection *connection, int64_t now_ms);

void connection_close(struct sim_connection *connection, int code, const char *reason);
void connection_free(struct sim_connection *connection);

#endif
