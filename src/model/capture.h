/* A capture: one request to the exchange, when it was sent, what came back and what became of it;
 * or one message of the exchange's stream, or that the stream, or a run of posrec, began or ended.
 * It is all that passes between those who make captures (exchange, import, the archive itself when
 * rows are derived again) and the store. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/maybe.h"

#define CAPTURE_BODY_SIZE_MAX ((size_t)16 << 20)
#define CAPTURE_DETAIL_SIZE_MAX ((size_t)500)
#define CAPTURE_REQUEST_SIZE_MAX ((size_t)8192)

/* A capture's times begin in the year in which the exchange opened and end a day from now: no clock
 * that posrec takes for the exchange's is further off, and a later one would be the last word on an
 * account for as long. */
#define CAPTURE_TIME_MS_MIN INT64_C(1483228800000) /* 2017-01-01 */
#define CAPTURE_AHEAD_MS_MAX INT64_C(86400000)

/* A machine without a clock of its own starts at the time at which its system was built. */
#define CAPTURE_CLOCK_OFFSET_MS_MAX (INT64_C(10) * 366 * 86400000)
#define CAPTURE_INTERVAL_MS_MAX (INT64_C(366) * 86400000)

/* How far a last time may lie in the future as clocks are corrected. One beyond is no age. */
#define CAPTURE_AGE_AHEAD_MS_MAX INT64_C(5000)
#define CAPTURE_NO_AGE INT64_MAX

#define CAPTURE_ACCOUNT_DEFAULT "main"
#define CAPTURE_ACCOUNT_SIZE_MAX ((size_t)64)
#define CAPTURE_ACCOUNT_RULE "1 to 64 letters, digits and . _ - @, or characters over U+009F"

enum endpoint {
    ENDPOINT_POSITION_RISK,
    ENDPOINT_EXCHANGE_INFO,
    ENDPOINT_ACCOUNT,
    ENDPOINT_INCOME,
    ENDPOINT_USER_TRADES,
    ENDPOINT_PREMIUM_INDEX, /* marks and index prices of a pair's contracts */
    ENDPOINT_FUNDING_RATE,
    ENDPOINT_SYMBOL_CONFIG,  /* leverage and margin type of each symbol */
    ENDPOINT_ACCOUNT_CONFIG, /* whether assets margin one another, and other settings */
    ENDPOINT_ASSET_INDEX,    /* what assets are worth in USD */
    ENDPOINT_USER_DATA,      /* the user data stream */
    ENDPOINT_RECORDER,       /* posrec's own life */
    ENDPOINT_TIMESTAMP,      /* a seal (model/seal.h) */
    ENDPOINT_COUNT,
    ENDPOINT_TIME = ENDPOINT_COUNT, /* these are asked, and make no captures */
    ENDPOINT_LISTEN_KEY,
    ENDPOINT_KEY_RIGHTS, /* what a key may do */
    ENDPOINT_ASKED_COUNT,
};

enum outcome {
    OUTCOME_OK,
    OUTCOME_API_ERROR,    /* any status without a name of its own */
    OUTCOME_RATE_LIMITED, /* 429 */
    OUTCOME_BANNED,       /* 418 */
    OUTCOME_SERVER_ERROR, /* 5xx */
    OUTCOME_TIMEOUT,
    OUTCOME_NETWORK_ERROR,
    OUTCOME_TLS_ERROR,
    OUTCOME_UNREADABLE, /* 200 or a message, but not what the endpoint answers */
    OUTCOME_OPENED,     /* the stream is up */
    OUTCOME_CLOSED,     /* it ended; the detail says why */
    OUTCOME_STARTED,    /* a run of the recorder begins; the detail says of which version */
    OUTCOME_STOPPED,    /* it ends; the detail says why */
    OUTCOME_COUNT,
};

/* Why a connection of the stream is ended that told nothing any more before it was: its word is
 * good up to its last message. */
#define CLOSED_UNANSWERED "a ping was not answered"
#define CLOSED_SILENT "no byte for five minutes"
#define CLOSED_OTHER_KEY "another listen key is alive"

struct product;

struct capture {
    struct text account;           /* name, */
    const struct product *product; /* and what that account is of; NULL where nobody says */
    enum endpoint endpoint;
    struct maybe_int due_ms;          /* when the schedule wanted it; unknown for a poll by hand */
    struct maybe_int sent_ms;         /* all times on the exchange's clock, ms since 1970 UTC */
    int64_t received_ms;              /* when it was complete, or had failed */
    struct maybe_int clock_offset_ms; /* exchange's clock minus the local one */
    struct maybe_int interval_ms;     /* how often polls were meant to come */
    int64_t attempt;                  /* 1 for the first request of a tick */
    enum outcome outcome;
    struct maybe_int http_status;
    struct maybe_int api_code;    /* the exchange's negative code */
    struct maybe_int used_weight; /* X-MBX-USED-WEIGHT-1M */
    struct text detail;           /* why, in words; empty when there is nothing to say */
    struct text request; /* path and query, no timestamp, no signature; empty when unknown */
    bool has_body;
    struct text body; /* the bytes exactly as received */
};

/* Empties the capture for use again, keeping its memory. */
void capture_clear(struct capture *capture);
void capture_free(struct capture *capture);

/* True when any of its texts ran out of memory. */
bool capture_failed(const struct capture *capture);

/* An account's name goes into tables, logs and file names: see CAPTURE_ACCOUNT_RULE. */
bool capture_account_is_valid(struct span name);

/* ERROR_USAGE, saying what is allowed, when a capture cannot have this time; `name` is what the
 * error calls it. */
bool capture_check_time(const char *name, int64_t time_ms, int64_t now_ms, struct error *error);

/* How long ago a capture's time was: 0 when it lies ahead as far as clocks are corrected,
 * CAPTURE_NO_AGE, older than any limit, when it lies further ahead. */
int64_t capture_age_ms(int64_t time_ms, int64_t now_ms);

/* Whether the body ends where the object, list or string that it begins with does: whatever became
 * of the connection, that answer was whole. */
bool capture_body_is_whole(const struct capture *capture);

/* Sets outcome, api_code and detail from http_status and body. A status of 200, or none stated, is
 * OUTCOME_OK here: whether the body can be read is found where it is read. */
void capture_judge(struct capture *capture);

/* False for outcomes that arose below HTTP (timeout, network, TLS) and those of a stream's life: no
 * status or body proves them. */
bool outcome_follows_from_response(enum outcome outcome);

const char *outcome_name(enum outcome outcome);
bool outcome_from_name(struct span name, enum outcome *outcome);
const char *endpoint_name(enum endpoint endpoint);
bool endpoint_from_name(struct span name, enum endpoint *endpoint);

/* Appends text that came from outside to `detail`: control characters become spaces, invalid UTF-8
 * '?', and it is cut at CAPTURE_DETAIL_SIZE_MAX. */
void capture_append_detail(struct capture *capture, struct span words);
