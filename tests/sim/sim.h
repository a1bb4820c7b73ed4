/* The state of the simulated exchange and the way of one request through it:
 *
 *     main.c (sockets)  ->  admin.c (/sim/...: faults, clock, keys, log),
 *                           dealings.c (what happens to an account)
 *                       ->  silence.c (what gets no answer)
 *                       ->  exchange.c (/dapi/..., /fapi/...: checks, answers), weight.c
 *                           money.c (those from books.c), prices.c (those that are public),
 *                           settings.c, rights.c (of /sapi)
 *                       ->  connection.c (/ws/KEY, /stream: the user data stream)
 *                           subscribe.c (what a client asks there), stream.c (what it is told)
 *
 * It has two products, COIN-M and USD-M (product.h says all that they do not have alike), and of
 * each a market (market.h, contracts.h). An account has a ledger in each of them. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "accounts.h"
#include "faults.h"
#include "product.h"
#include "weight.h"

struct sim {
    /* Options */
    int symbol_counts[PRODUCT_COUNT];
    uint64_t seed;
    int message_limit; /* a second and connection, pings and pongs counted in */
    bool steady;       /* the accounts' leverage stays as it is */
    bool no_trades;    /* the accounts trade only when they are told to */

    struct market markets[PRODUCT_COUNT];
    struct sim_accounts accounts;
    struct faults faults;
    const char
        *state_file; /* where the accounts are kept from one run to the next; NULL for none */
    int64_t clock_offset_ms; /* of the exchange's clock against the machine's */

    struct weight weight;
    struct weight spot_weight; /* which the spot side counts by itself */
    unsigned silent;           /* to everybody: SILENT_REST, SILENT_STREAM */

    char *log; /* NDJSON of the requests served, grown by open_memstream */
    size_t log_size;
    FILE *log_file;

    struct request *stalled;  /* those whose answer waits */
    struct request *silenced; /* those that get none */
    int64_t silence_looked_ms;

    struct sim_connection *connections; /* of the stream */
    struct delayed *delayed;
    int64_t stream_life_ms; /* after which a connection is ended; 0 for a day and more */
    bool streams_stall;     /* connections say nothing after their handshake */
    char *keys, *messages;  /* every listen key given; every message, and what became of it */
    char *handshakes;       /* of the stream, as NDJSON */
    size_t keys_size, messages_size, handshakes_size;
    FILE *keys_file, *messages_file, *handshakes_file;
};

/* What an answer is made of before it goes out. */
struct reply {
    int status;
    char *body;
    size_t size;
    int retry_after_s;
};

struct reply error_reply(int status, int code, const char *message);

struct request {
    struct sim *sim;
    struct MHD_Connection *connection;
    size_t sent_bytes; /* of the answer's body, as it goes over the wire */
    char *uri;         /* as sent: path, '?' and query */
    const char *method;
    char *upload;
    size_t upload_size;
    bool begun;
    bool is_spot;      /* of the spot side, which knows keys and no futures */
    bool is_handshake; /* for the stream, of this path */
    struct stream_path stream;
    bool was_stalled, was_silenced;
    int64_t resume_ms;
    struct fault fault_after_stall;
    struct sim_account *account; /* of one that was silenced; NULL for none */
    struct request *next_stalled, *next_silenced;
};

/* The machine's clock, and the exchange's. */
int64_t sim_machine_ms(void);
int64_t sim_now_ms(const struct sim *sim);

/* The value of a query parameter; "" when it is not there. */
const char *sim_parameter(struct request *request, const char *name);

/* Queues an answer; the bytes are copied, and compressed for those who ask for gzip. `headers` are
 * pairs of name and value, ending with NULL. */
enum MHD_Result sim_answer(struct request *request, int status, const void *body, size_t size,
                           const char *const *headers);

/* Sends the answer, which is released, with a `Date` by the exchange's clock. */
enum MHD_Result sim_send(struct request *request, int status, struct MHD_Response *response);

/* The bytes as gzip, malloc'ed. */
bool sim_gzip(const void *body, size_t size, void **packed, size_t *packed_size);

/* Answers requests under the products' paths and those of the spot side, and under /sim. */
enum MHD_Result exchange_answer(struct sim *sim, struct request *request, const char *method,
                                const char *path);
enum MHD_Result admin_answer(struct sim *sim, struct request *request, const char *path);

/* Notes a request, and what it was answered: 0 for nothing. */
void exchange_log(struct sim *sim, struct request *request, const char *endpoint,
                  const char *account, int status);

struct reply exchange_positions_reply(struct question *question);
struct reply exchange_time_reply(struct question *question);
struct reply exchange_info_reply(struct question *question);

/* The answers about money. */
struct reply money_account_reply(struct question *question);
struct reply money_income_reply(struct question *question);
struct reply money_trades_reply(struct question *question);

/* A whole number parameter; `standard` when it is not there, LLONG_MIN when it is none. */
int64_t sim_whole_parameter(struct request *request, const char *name, int64_t standard);

/* Starts or clears the log of requests. */
bool sim_log_open(struct sim *sim);

#endif
