/* The user data stream of one account: its connections' lives.
 *
 *     listen key -> connect -> messages ...
 *         -> a second connection beside the first before its day is over, or when it is renewed
 *         -> reconnect at once when the key is gone, with backoff when it breaks or goes silent
 *
 * Every message, and that a connection was opened, closed or not to be had, is a capture. It owns
 * no socket and no clock: what happens on a connection is handed in, and what is to happen on it
 * stream/wire.h does, as the tests' own does over connections that are none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/sha256.h"
#include "model/capture.h"

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

enum link_phase { LINK_IDLE, LINK_CONNECTING, LINK_HANDSHAKE, LINK_OPEN };

struct stream;
struct wire;

/* One connection. */
struct stream_link {
    struct stream *stream;
    enum link_phase phase;
    struct wire *wire;      /* NULL before it is connected */
    int64_t number;         /* counts connections, from 1: `attempt` of its captures */
    int64_t key_number;     /* of the listen key that it was opened with */
    struct boot_time since; /* of the phase */
    struct boot_time heard; /* when the last byte came */
    bool is_pinged;         /* and has not answered yet */
    struct boot_time pinged;
    bool is_deaf; /* its key is gone: nothing more comes by it */
};

/* What its owner does for it, and is told. */
struct stream_watch {
    void *context;

    /* A capture to be recorded, which is taken over; its times are now. */
    void (*on_capture)(void *context, struct stream *stream, const struct now *now,
                       struct capture *capture);

    /* The listen key is no more, or is not to be trusted: stream_take_key() when there is one. */
    void (*on_key_gone)(void *context, struct stream *stream, const struct now *now);

    /* A connection is to be made: stream_shakes() and stream_opened(), or stream_broke(), follow.
     */
    void (*connect)(void *context, struct stream_link *link, const struct now *now);

    uint64_t (*next_random)(void *context);
};

struct stream {
    const char *account; /* NULL: there is none */
    const struct stream_watch *watch;
    struct text key;    /* the secret; empty when there is none */
    int64_t key_number; /* counts listen keys; a connection of an older one hears nothing more */
    struct stream_link links[2];
    int current;            /* the link that messages come by; the other is its successor */
    struct boot_time retry; /* when to connect next */
    int failures;           /* in a row */
    int64_t connections;    /* so far */
    struct sha256 *sha256;
    struct message_seen *seen; /* of the messages that came while both links are read; else NULL */
    size_t seen_count;
};

/* Starts it; name and watch outlive it. */
bool stream_start(struct stream *stream, const char *account, const struct stream_watch *watch,
                  struct error *error);

/* Ends the connections, each as a capture that says `why`; NULL to end them without a word. */
void stream_stop(struct stream *stream, const char *why, const struct now *now);

/* Whether its messages come, and since when by the connection that they come by. */
bool stream_is_open(const struct stream *stream);
bool stream_open_since(const struct stream *stream, struct boot_time *since);

/* The listen key that is alive. Another than before: who knows since when ours is not. */
void stream_take_key(struct stream *stream, struct span key, const struct now *now);

/* It may hear nothing, though it is up: a new connection, with the key that the exchange says is
 * alive, takes over. */
void stream_renew(struct stream *stream, const struct now *now);

/* Pings the connection that messages come by, if it is open and is not pinged already. */
void stream_ping(struct stream *stream, const struct now *now);

/* Whether it is to connect now; stream_work() does, when it may. */
bool stream_wants_connection(const struct stream *stream, struct boot_time now);

/* Does what is due. */
void stream_work(struct stream *stream, const struct now *now, bool may_connect);

/* When it has something to do next; BOOT_NEVER when only what is handed in can tell. */
struct boot_time stream_next(const struct stream *stream, struct boot_time now);

/* What happens on a connection. The handshake goes out; it is through; bytes came; a message, an
 * answer to a ping; it is over, or could not be had: `status` of the handshake's answer. */
void stream_shakes(struct stream_link *link, struct boot_time now);
void stream_opened(struct stream_link *link, const struct now *now);
void stream_heard(struct stream_link *link, struct boot_time now);
void stream_take_message(struct stream_link *link, struct span message, const struct now *now);
void stream_take_pong(struct stream_link *link);
void stream_broke(struct stream_link *link, enum outcome outcome, struct maybe_int status,
                  const char *why, const struct now *now);

/* After messages: ends it where nothing more can come by it. */
void stream_end_deaf(struct stream_link *link, const struct now *now);
