/* The listen key of one account, by which its user data stream is opened: asked for by POST, and by
 * POST again every 10 minutes, which keeps it alive (it would end after 60) and tells which key is:
 * when it is another, ours was deleted by another program or expired unseen. Asked for anew at once
 * when the exchange says that it is gone. The key is a secret and is wiped when it goes.
 *
 * All times are on the monotonic clock. */
#ifndef POSREC_SERVICE_LISTEN_KEY_H
#define POSREC_SERVICE_LISTEN_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/transport.h"
#include "model/capture.h"
#include "service/poller.h"

#define LISTEN_KEY_KEEP_MS (INT64_C(10) * 60 * 1000)
#define LISTEN_KEY_REFUSED_WAIT_MS 60000 /* one that is refused is asked for again after this */

enum listen_key_phase { KEY_NONE, KEY_ASKING, KEY_KNOWN, KEY_KEEPING };

struct listen_key {
    const struct poller_settings *settings;
    struct transport *transport;
    void *owner;      /* of its requests */
    struct text text; /* the secret; empty when there is none */
    enum listen_key_phase phase;
    int64_t due_ms; /* when it is to be kept alive, or asked for (again) */
};

/* What an answer means. */
enum listen_key_step {
    LISTEN_KEY_GOOD,    /* there is one, for a while */
    LISTEN_KEY_OTHER,   /* there is one, and the one that was to be kept is no more */
    LISTEN_KEY_OUTAGE,  /* the exchange was not there: the owner says by due_ms when to try again */
    LISTEN_KEY_REFUSED, /* it does not give it; tried again after a minute */
};

/* `settings` and `owner` outlive it. */
void listen_key_start(struct listen_key *key, const struct poller_settings *settings,
                      struct transport *transport, void *owner);

/* Wipes it; a new one is due at once. */
void listen_key_forget(struct listen_key *key);

/* Whether connections can be made with it. */
bool listen_key_is_known(const struct listen_key *key);

/* Sends what is due. Returns the weight of what was sent. */
int64_t listen_key_work(struct listen_key *key, int64_t now_ms);

/* When it has something to do next; INT64_MAX when only an answer can tell. */
int64_t listen_key_wake_ms(const struct listen_key *key);

/* Takes an answer. Unless it is good, `capture`, begun by the caller, says what came instead: a try
 * that failed, without its body, which could hold a key. */
enum listen_key_step listen_key_answer(struct listen_key *key, struct http_response *response,
                                       int64_t now_ms, struct capture *capture);

#endif
