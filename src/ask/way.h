/* The ways out to the exchange, and its hosts as they are reached by them.
 *
 * The exchange counts weight and orders pauses by address: a way is one address (a proxy, or none)
 * and one family of hosts that count together, as dapi and fapi do. A host has a clock, and a limit
 * on how many requests may be out to it, so that one that stalls holds up no other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ask/asker.h"
#include "ask/exchange_clock.h"
#include "ask/prices.h"
#include "base/text.h"

/* Requests out at once: each takes memory for its answer. */
#define HOST_OUT_MAX 64
#define WAY_OUT_MAX 256

/* What is out for so long makes room for another, so many times at a host: accounts that it keeps
 * waiting hold up no other. */
#define HANGING_MS 2000
#define HOST_HANGING_MAX 64

/* New connections of streams from one address: a client library names 300 in 5 minutes as the
 * exchange's limit. */
#define WAY_CONNECTIONS_MAX 250
#define WAY_CONNECTIONS_MS (INT64_C(5) * 60 * 1000)

/* Of these, so many may be under way at once. */
#define WAY_CONNECTING_MAX 64

struct way {
    struct text family; /* of hosts: way_family() */
    const char *proxy;  /* its accounts'; NULL for none */
    struct limits limits;
    bool is_judged; /* whether there is weight enough for what is scheduled */
    int out;
    int connecting;
    struct boot_time connected[WAY_CONNECTIONS_MAX]; /* the last ones, a ring */
    size_t connections;                              /* so far */
};

struct ask_host {
    struct ask *ask;
    struct way *way;
    struct ask_account *account;             /* one of its accounts, ... */
    const struct account_settings *settings; /* ... and that one's */
    struct exchange_clock clock;
    struct boot_time doubted_at; /* since then its clock is in doubt; 0 when it is not */
    struct boot_time time_told;  /* when /time was last answered; 0 for never */
    bool time_was_tried; /* since it last had to be asked for: others need not wait for it */
    int out;
    int hanging;                 /* of these: see HANGING_MS */
    struct boot_time trouble_at; /* connections that are older may be dead */
    struct asker time;
    struct asker contracts;
    struct prices prices;
};

/* Appends what hosts that count together have in common: their name without what tells the
 * products' apart, and for this machine's own addresses the port. */
void way_family(const char *base_url, struct text *family);

/* Whether this is the way of a family's hosts by a proxy. */
bool way_serves(const struct way *way, struct span family, const char *proxy);

/* Whether two accounts' requests go out by one way. */
bool same_way(const struct account_settings *a, const struct account_settings *b);

/* Whether two accounts' requests go to the same host the same way, for the same product. */
bool same_host(const struct account_settings *a, const struct account_settings *b);

/* Whether a stream may open a connection now, and when it may if not. */
bool way_may_connect(const struct way *way, struct boot_time now);
struct boot_time way_connect_next(const struct way *way);
void way_note_connecting(struct way *way, struct boot_time now);

/* One that was under way is open, or failed. */
void way_note_connected(struct way *way);
