/* The user data stream of one account: its connections' lives. The listen key has a life of its own
 * (service/listen_key.h).
 *
 *     listen key -> connect -> messages ...
 *         -> a second connection beside the first before its day is over, or when it is renewed
 *         -> reconnect at once when the key is gone, with backoff when it breaks or goes silent
 *
 * Every message, and that a connection was opened, closed or not to be had, is a capture. A stream
 * that is down delays nothing else. All times here are on the monotonic clock. */
#ifndef POSREC_SERVICE_STREAM_H
#define POSREC_SERVICE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/websocket.h"
#include "service/doubles.h"
#include "service/listen_key.h"

#define STREAM_LIFE_MS                                                                             \
    (INT64_C(1430) * 60 * 1000) /* 23 h 50 min: the exchange ends it after 24 h */
#define STREAM_OVERLAP_MS 1000  /* both of two connections are read for so long */
#define STREAM_QUIET_MS 60000   /* then it is pinged */
#define STREAM_PONG_MS 10000    /* and given up when that is not answered, */
#define STREAM_SILENCE_MS (INT64_C(5) * 60 * 1000) /* or when no byte has come for so long */
#define STREAM_HANDSHAKE_MS 10000
#define STREAM_STEADY_MS 10000 /* open for so long, the next failure is the first again */
#define STREAM_BACKOFF_BASE_MS 250
#define STREAM_BACKOFF_CAP_MS 60000
#define STREAM_READ_MAX ((size_t)32 << 10) /* of one connection at a time: polls go between */

enum link_phase { LINK_IDLE, LINK_CONNECTING, LINK_HANDSHAKE, LINK_OPEN };

struct stream;

/* One connection. */
struct stream_link {
    struct stream *stream;
    enum link_phase phase;
    struct channel *channel;
    struct websocket *websocket;
    int64_t number;     /* counts connections, from 1: `attempt` of its captures */
    int64_t key_number; /* of the listen key that it was opened with */
    int64_t since_ms;   /* of the phase */
    int64_t heard_ms;   /* when the last byte came */
    int64_t pinged_ms;  /* 0 when no ping is unanswered */
    bool has_more;      /* bytes were left for the next turn */
    bool is_deaf;       /* its key is gone: nothing more comes by it */
};

/* What its owner is told. */
struct stream_watch {
    void *context;
    /* A capture to be recorded, which is taken over. */
    void (*on_capture)(void *context, struct stream *stream, struct capture *capture);
    /* The exchange does not give this account's key a listen key. */
    void (*on_refused)(void *context, struct stream *stream, const struct capture *capture);
    uint64_t (*next_random)(void *context);
};

struct stream {
    const struct poller_settings *settings; /* NULL: this account has no stream */
    struct transport *transport;
    struct exchange_clock *clock;
    const struct stream_watch *watch;
    struct listen_key key;
    int64_t key_number; /* counts listen keys; a connection of an older one hears nothing more */
    struct stream_link links[2];
    int current;            /* the link that messages come by; the other is its successor */
    int64_t retry_ms;       /* when to connect next */
    int failures;           /* in a row */
    int64_t connections;    /* so far */
    struct doubles doubles; /* of the time in which both links are read */
};

/* Starts it; its settings name the stream's URL and outlive it. */
bool stream_start(struct stream *stream, const struct poller_settings *settings,
                  struct transport *transport, struct exchange_clock *clock,
                  const struct stream_watch *watch, struct error *error);

/* Ends the connections, each as a capture that says `why`; NULL to end them without a word. */
void stream_stop(struct stream *stream, const char *why);

/* Whether its messages come. */
bool stream_is_open(const struct stream *stream);

/* It may hear nothing, though it is up: a new connection, with the key that the exchange says is
 * alive, takes over. */
void stream_renew(struct stream *stream);

/* When its messages began to come by the connection that they come by, on the monotonic clock;
 * INT64_MAX while they do not. */
int64_t stream_open_ms(const struct stream *stream);

/* Does what is due; `may_send`: a request may go out. Returns the weight of what was sent. */
int64_t stream_work(struct stream *stream, int64_t now_ms, bool may_send);

/* When it has something to do next; INT64_MAX when only an answer can tell. */
int64_t stream_wake_ms(const struct stream *stream, int64_t now_ms);

/* Takes an answer whose owner is the stream or one of its links. */
void stream_answer(struct stream *stream, struct http_response *response, int64_t now_ms);

/* Takes a message that came by a link. */
void stream_take_message(struct stream_link *link, struct span message);

/* Reads a link of which transport_ready() said so. */
void stream_read(struct stream_link *link, int64_t now_ms);

#endif
