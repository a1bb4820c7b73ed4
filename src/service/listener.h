/* The stream of one account as the service listens to it: over real connections, in its turn, and
 * looked into when polls show what it has not told. */
#pragma once

#include "ask/ask.h"
#include "stream/wire.h"

/* What a poll shows the stream has told, or will within this; it is renewed for it no more often
 * than each LISTENER_RENEW_EVERY_MS. */
#define LISTENER_TELL_MS 10000
#define LISTENER_CLOCKS_MS 100 /* the exchange's clocks may differ by so much: as in reconcile */
#define LISTENER_RENEW_EVERY_MS 60000

struct listener {
    struct stream stream;
    struct ask_account *asked; /* NULL: the account has no stream */
    struct boot_time next;     /* when there is something to do for it */
    bool wants_connection;
    bool has_more[2];            /* bytes of its links were left for the next turn */
    struct boot_time changed;    /* when a poll last showed a change, */
    struct boot_time tell_check; /* when it is looked whether the stream told it, */
    struct boot_time renewed;    /* and when it was renewed because it had not */
};

bool listener_start(struct listener *listener, struct ask_account *asked,
                    const struct stream_watch *watch, struct error *error);

/* Does what is due; whether it is to connect is left to its owner. */
void listener_work(struct listener *listener, struct known *known, const struct now *now);
void listener_connect(struct listener *listener, const struct now *now);

/* Reads a link of which transport_ready() said so. */
void listener_read(struct listener *listener, struct stream_link *link, const struct now *now);

/* A poll has shown a change. */
void listener_note_change(struct listener *listener, struct boot_time now);

/* When there is something to do next. */
struct boot_time listener_next(const struct listener *listener, struct boot_time now);
