/* The simulated exchange's user data stream: listen keys, the messages that trades cause, and
 * faults of both, and of the connections (connection.h) that the messages go to. */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct market_fill;
struct sim_ledger;
struct request;
struct reply;

#define STREAM_KEY_SIZE 65

/* What each account has of it, on each product. */
struct sim_stream_state {
    char listen_key[STREAM_KEY_SIZE]; /* "" when there is none */
    int64_t key_expires_ms;
    bool refuses_keys;

    /* Faults of the messages to come: how many of them. */
    int drop, duplicate, delay, reorder, fragment, mask, oversize, garbage;
    int64_t delay_ms;
    char *held; /* the message that is reordered: it goes after the next */

    /* Messages made without a trade behind them, to load a recorder. */
    int64_t burst_left;
    double burst_a_ms;
    int64_t burst_since_ms, burst_sent;
};

/* POST, PUT or DELETE of listenKey. */
struct reply stream_key_reply(struct sim *sim, struct sim_ledger *ledger, const char *method);

/* Whose listen key of the product, still valid, this is; NULL for nobody's. */
struct sim_ledger *stream_find_key(struct sim *sim, int product, const char *key);

/* Tells all that an account's trades have done since the last call. */
void stream_tell(struct sim *sim, struct sim_ledger *ledger);

/* Tells of an asset's wallet that changed without a trade; `symbol` -1 for none. */
void stream_tell_balance(struct sim *sim, struct sim_ledger *ledger, const char *reason, int asset,
                         int symbol, double change);

/* Tells that the multi-assets mode changed. */
void stream_tell_multi_assets(struct sim *sim, struct sim_ledger *ledger);

/* Tells that an order rests, or, canceled, does not any more. */
void stream_tell_order(struct sim *sim, struct sim_ledger *ledger, const struct market_fill *order,
                       bool canceled);

/* One message to all connections of the account's key, through its faults. Takes the text over. */
void stream_send(struct sim *sim, struct sim_ledger *ledger, char *message);

/* Reads and writes what goes; sends what was delayed; ends what is over. */
void stream_work(struct sim *sim);

/* Closes the account's connections with this code; 0 breaks them off. With `stall` they stay open
 * and say nothing any more. */
void stream_end(struct sim *sim, struct sim_ledger *ledger, int code, bool stall);

/* Expires the account's listen key, with the message that tells so; its `E` a number, or a text. */
void stream_expire_key(struct sim *sim, struct sim_ledger *ledger, bool as_text);

/* How many connections messages go to. */
int stream_count(const struct sim *sim);

void stream_free(struct sim *sim);

#endif
