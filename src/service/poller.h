/* The poller: which request follows which when one question is asked of the exchange.
 *
 *     time (when the clock is not measured) -> the question
 *         -> on -1021: time -> the question once more
 *     time alone, when its owner asks for it
 *
 * It sends through a shared transport and turns each answer into a capture; its owner records the
 * capture and decides when the next tick is. */
#ifndef POSREC_SERVICE_POLLER_H
#define POSREC_SERVICE_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/endpoints.h"
#include "exchange/transport.h"
#include "model/capture.h"
#include "service/exchange_clock.h"

/* Views; they outlive the poller. */
struct poller_settings {
    const char *account; /* name */
    struct exchange_account exchange;
    const char *ca_file; /* NULL for none */
    const char *proxy;   /* NULL for none */
    int64_t timeout_ms;  /* of one request */
    struct maybe_int interval_ms;
    bool records[ENDPOINT_COUNT]; /* positionRisk always */
    int64_t account_interval_ms;
    int64_t income_interval_ms;   /* of income and trades */
    int64_t weight_share_percent; /* see limits_start() */
    const char *stream_url;       /* of the user data stream, which is not recorded when NULL */
    bool lacks_stream_url;        /* it would be, if it were known where it is */
};

enum poller_phase {
    POLLER_IDLE,
    POLLER_TIME,   /* asking for the time before the question */
    POLLER_ASKING, /* asking the question */
};

struct poller {
    const struct poller_settings *settings;
    struct transport *transport;
    struct exchange_clock *clock; /* its owner's; several pollers may share one */
    enum poller_phase phase;
    bool question_follows;          /* after the time */
    struct question question;       /* that is asked, or was */
    struct maybe_int due_ms;        /* when a schedule wanted it */
    struct maybe_int interval_ms;   /* of that schedule */
    int64_t attempt;                /* within the tick, from 1 */
    int64_t sent_monotonic_ms;      /* of the request that is out */
    struct capture capture;         /* of the poll under way, then of the last answer */
    bool clock_retried;             /* -1021 was answered within this tick already */
    struct maybe_int retry_after_s; /* of the last answer */
};

/* What an answer led to. */
enum poller_step {
    POLLER_WAITING,  /* the next request is out */
    POLLER_MEASURED, /* only the time was asked for, or had, and the poller is idle: see `capture`
                      */
    POLLER_CAPTURED, /* poller->capture is complete; then call poller_continue() */
    POLLER_FAILED,   /* posrec's own failure: the error says what */
};

void poller_start(struct poller *poller, const struct poller_settings *settings,
                  struct transport *transport, struct exchange_clock *clock);
void poller_free(struct poller *poller);

/* Asks a question; the poller must be idle. `due_ms` is when a schedule of this interval wanted it,
 * on the exchange's clock. */
bool poller_ask(struct poller *poller, const struct question *question, struct maybe_int due_ms,
                struct maybe_int interval_ms, struct error *error);

/* poller_ask() for the positions, at the account's interval. */
bool poller_ask_positions(struct poller *poller, struct maybe_int due_ms, struct error *error);

/* Asks the question once more. */
bool poller_retry(struct poller *poller, struct error *error);

/* Asks for the time alone; the poller must be idle. The clock stays as it was when there is no
 * answer. */
bool poller_ask_time(struct poller *poller, struct error *error);

/* Takes an answer of the transport whose owner is this poller. */
enum poller_step poller_answer(struct poller *poller, struct http_response *response,
                               struct error *error);

/* A key that the exchange refuses is said loudly each time. */
void poller_log_refusal(const char *account, const struct capture *capture);

/* Goes on after a capture was looked at: the retry after -1021, or idle. The capture may be taken
 * out after that. */
bool poller_continue(struct poller *poller, struct error *error);

#endif
