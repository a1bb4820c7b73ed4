/* The requests that posrec makes of the exchange, and what their answers mean as captures. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/instant.h"
#include "exchange/credentials.h"
#include "exchange/transport.h"
#include "model/capture.h"
#include "model/product.h"
#include "model/seal.h"

#define RECV_WINDOW_MS_DEFAULT 5000
#define RECV_WINDOW_MS_MAX 60000

/* The longest answers that income and userTrades give; posrec asks for pages of this size. */
#define PAGE_ROWS 1000

/* Codes of the exchange that posrec acts on (Binance, "Error Codes"). */
#define API_CODE_TIMESTAMP (-1021)
#define API_CODE_SIGNATURE (-1022)
#define API_CODE_KEY_FORMAT (-2014)
#define API_CODE_KEY (-2015)

/* What it says under maintenance: codes, and a member of an object without one. */
#define API_CODE_UNAVAILABLE (-1016)
#define API_CODE_INVALID_ACCOUNT (-1109)
#define API_MAINTENANCE_MEMBER "239999"

/* What the requests of one account are made from. Strings are views. */
struct exchange_account {
    const struct product *product; /* NULL: none of the exchange's (a timestamp authority) */
    const char *base_url;          /* as base_url_read() writes it */
    const char *margin_asset;      /* at most one of these two; NULL for none */
    const char *pair;
    int64_t recv_window_ms;
    const struct credentials *credentials;
};

/* An account as it is asked. Views. */
struct account_settings {
    const char *account; /* name */
    struct exchange_account exchange;
    const char *ca_file; /* NULL for none */
    const char *proxy;   /* NULL for none */
    int64_t timeout_ms;  /* of one request */
    struct maybe_int interval_ms;
    bool interval_is_set;         /* by somebody; else it is the default */
    bool records[ENDPOINT_COUNT]; /* positionRisk always, and what the product has for prices */
    int64_t account_interval_ms;
    int64_t income_interval_ms;   /* of income and trades */
    int64_t weight_share_percent; /* see limits_start() */
    const char *stream_url;       /* of the user data stream, which is not recorded when NULL */
    bool lacks_stream_url;        /* it would be, if it were known where it is */
    const char *spot_url;         /* where the exchange tells what keys may do; NULL: nowhere */
};

/* Whether prices are recorded. */
static inline bool account_records_prices(const struct account_settings *settings)
{
    return settings->records[settings->exchange.product->prices];
}

/* A symbol, or a type of income, and its end. */
#define QUESTION_NAME_SIZE 64

/* What is asked of an endpoint. What is unknown, or empty, is left out of the request. */
struct question {
    enum endpoint endpoint;
    char symbol[QUESTION_NAME_SIZE];      /* of userTrades and fundingRate */
    char pair[QUESTION_NAME_SIZE];        /* of premiumIndex */
    char income_type[QUESTION_NAME_SIZE]; /* of income, this type alone */
    struct maybe_int from_id;             /* userTrades from this trade on; not with times */
    struct maybe_int start_ms;            /* both inclusive */
    struct maybe_int end_ms;
    struct maybe_int limit;
    struct seal seal; /* of timestamp */
};

/* A key that the exchange refuses is said loudly each time. */
void endpoint_log_refusal(const struct capture *capture);

/* The weight of a question of an account's. */
static inline int64_t endpoint_weight(const struct exchange_account *account,
                                      enum endpoint endpoint)
{
    return account->product != NULL ? account->product->endpoints[endpoint].weight : 0;
}

/* The method; NULL for GET. POST of the listen key gives the account's key, a new one where there
 * is none, and extends its life. */
const char *endpoint_method(enum endpoint endpoint);

/* The types of a timestamp's question and answer (RFC 3161, 3.4). */
#define ENDPOINT_BODY_TYPE "application/timestamp-query"
#define ENDPOINT_ACCEPTED_TYPE "application/timestamp-reply"

/* Appends the request's body, where it has one: a timestamp's, of the types above. */
bool endpoint_body(const struct question *question, struct text *body, struct error *error);

/* Whether the request carries the API key, signed or not. */
bool endpoint_has_key(enum endpoint endpoint);

/* Appends the whole URL, signed where the endpoint wants it, to `url`, and path and query without
 * timestamp and signature to `request`. A timestamp authority's URL is the base_url itself, and the
 * request says what is sealed. */
bool endpoint_ask(const struct exchange_account *account, const struct question *question,
                  struct exchange_time timestamp, struct text *url, struct text *request,
                  struct error *error);

/* Appends the listen key of the answer to a POST; false when it has none. The key is a secret. */
bool endpoint_read_listen_key(struct span body, struct text *key);

/* Reads the answer of the exchange's time; false when it is none. */
bool endpoint_read_time(struct span body, int64_t *server_ms);

/* Reads from an answer of premiumIndex the symbol of the pair's perpetual, and when its funding is
 * paid next; false, and both may be anything, when it tells of none. */
bool endpoint_read_next_funding(struct span body, char symbol[QUESTION_NAME_SIZE],
                                int64_t *next_ms);

/* Reads the weight a minute that an exchangeInfo body allows (rateLimits: REQUEST_WEIGHT); false
 * when it does not say. */
bool endpoint_read_weight_limit(struct span body, int64_t *weight);

/* Sets what the answer decides of a capture: status, weight, body (taken over from the response),
 * outcome, api_code and detail. */
void endpoint_fill_capture(struct http_response *response, struct capture *capture);

/* Whether the exchange was not there for the moment: a 5xx, a timeout, the network, TLS; or one of
 * the answers that it gives while it is maintained, whatever their status. Worth another try soon.
 */
bool endpoint_is_outage(const struct capture *capture);

/* Whether the exchange refuses this key or address, so that asking again at once is of no use. */
bool endpoint_is_refused(const struct capture *capture);

/* What a refusal that is no ban may come from, and what to do about it. */
const char *endpoint_refusal_advice(const struct capture *capture);
