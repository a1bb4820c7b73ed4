#include "exchange/endpoints.h"

#include <curl/curl.h>

#include "base/log.h"
#include "model/json_span.h"

/* What a request carries. */
enum proof {
    PROOF_NONE,   /* anybody may ask */
    PROOF_KEY,    /* the API key */
    PROOF_SIGNED, /* and a signature */
};

/* What of an endpoint is the same for every product: the stream is not asked. */
static const struct {
    const char *method; /* NULL for GET */
    enum proof proof;
} ENDPOINTS[ENDPOINT_ASKED_COUNT] = {
    [ENDPOINT_POSITION_RISK] = {NULL, PROOF_SIGNED},  [ENDPOINT_ACCOUNT] = {NULL, PROOF_SIGNED},
    [ENDPOINT_INCOME] = {NULL, PROOF_SIGNED},         [ENDPOINT_USER_TRADES] = {NULL, PROOF_SIGNED},
    [ENDPOINT_SYMBOL_CONFIG] = {NULL, PROOF_SIGNED},  [ENDPOINT_TIMESTAMP] = {"POST", PROOF_NONE},
    [ENDPOINT_LISTEN_KEY] = {"POST", PROOF_KEY},      [ENDPOINT_KEY_RIGHTS] = {NULL, PROOF_SIGNED},
    [ENDPOINT_ACCOUNT_CONFIG] = {NULL, PROOF_SIGNED},
};

/* Of what is said to be the exchange's time: no year but these is. */
#define SERVER_MS_MIN INT64_C(1483228800000) /* 2017-01-01 */
#define SERVER_MS_MAX INT64_C(4102444800000) /* 2100-01-01 */

#define LISTEN_KEY_SIZE_MAX ((size_t)512)

#define HTTP_FORBIDDEN 403 /* without a code of the exchange's: its firewall */
#define HTTP_UNAVAILABLE_FOR_LEGAL_REASONS 451
#define HTTP_BACKEND_TIMEOUT 408

static void append_parameter(struct text *query, const char *name, const char *value)
{
    char *encoded = curl_easy_escape(NULL, value, 0);
    query->failed |= encoded == NULL;
    text_printf(query, "%s%s=%s", query->size > 0 ? "&" : "", name, encoded != NULL ? encoded : "");
    curl_free(encoded);
}

static void append_number(struct text *query, const char *name, struct maybe_int value)
{
    if (value.known) {
        text_printf(query, "%s%s=%lld", query->size > 0 ? "&" : "", name, (long long)value.value);
    }
}

bool endpoint_has_key(enum endpoint endpoint)
{
    return ENDPOINTS[endpoint].proof >= PROOF_KEY;
}

const char *endpoint_method(enum endpoint endpoint)
{
    return ENDPOINTS[endpoint].method;
}

static void append_question(const struct exchange_account *account, const struct question *question,
                            struct text *query)
{
    bool filters = account->product->endpoints[question->endpoint].takes_filter;
    if (filters && account->margin_asset != NULL) {
        append_parameter(query, "marginAsset", account->margin_asset);
    }
    if (filters && account->pair != NULL) {
        append_parameter(query, "pair", account->pair);
    }
    if (question->pair[0] != '\0') {
        append_parameter(query, "pair", question->pair);
    }
    if (question->symbol[0] != '\0') {
        append_parameter(query, "symbol", question->symbol);
    }
    if (question->income_type[0] != '\0') {
        append_parameter(query, "incomeType", question->income_type);
    }
    append_number(query, "fromId", question->from_id);
    append_number(query, "startTime", question->start_ms);
    append_number(query, "endTime", question->end_ms);
    append_number(query, "limit", question->limit);
}

static bool sign(const struct exchange_account *account, struct exchange_time timestamp,
                 struct text *query, struct text *url, struct text *request, struct error *error)
{
    struct text signature = {0};
    append_number(query, "recvWindow", maybe_of(account->recv_window_ms));
    text_append_char(request, '?');
    text_append(request, query->data, query->size);
    append_number(query, "timestamp", maybe_of(timestamp.ms));
    text_append_char(url, '?');
    text_append(url, query->data, query->size);
    bool done = signer_sign(account->credentials->signer, text_span(query), &signature, error);
    append_parameter(url, "signature", text_string(&signature));
    text_free(&signature);
    return done;
}

bool endpoint_ask(const struct exchange_account *account, const struct question *question,
                  struct exchange_time timestamp, struct text *url, struct text *request,
                  struct error *error)
{
    bool is_seal = question->endpoint == ENDPOINT_TIMESTAMP; /* asked of no product */
    const char *path = is_seal ? "" : account->product->endpoints[question->endpoint].path;
    struct text query = {0};
    bool done = true;
    if (!is_seal) {
        append_question(account, question, &query);
    }
    text_append_string(url, account->base_url);
    text_append_string(url, path);
    text_append_string(request, path);
    if (ENDPOINTS[question->endpoint].proof == PROOF_SIGNED) {
        done = sign(account, timestamp, &query, url, request, error);
    } else if (is_seal) {
        seal_append_request(&question->seal, request);
    } else if (query.size > 0) {
        text_printf(url, "?%s", text_string(&query));
        text_printf(request, "?%s", text_string(&query));
    }
    if (done && (query.failed || url->failed || request->failed)) {
        done = error_no_memory(error);
    }
    text_free(&query);
    return done;
}

bool endpoint_body(const struct question *question, struct text *body, struct error *error)
{
    struct timestamp_query query;
    return question->endpoint != ENDPOINT_TIMESTAMP ||
           (seal_query(&question->seal, &query, error) && timestamp_ask(&query, body, error));
}

bool endpoint_read_listen_key(struct span body, struct text *key)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span name, value;
    while (json_next_member(&walk, &name, &value) == JSON_ITEM) {
        if (json_key_is(name, "listenKey") && value.data[0] == '"') {
            text_clear(key);
            return json_unescape(value, key) && key->size > 0 && key->size <= LISTEN_KEY_SIZE_MAX &&
                   strspn(key->data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_.~") == key->size;
        }
    }
    return false;
}

bool endpoint_read_time(struct span body, int64_t *server_ms)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span key, value;
    bool found = false;
    enum json_step step;
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (json_key_is(key, "serverTime")) {
            found = json_whole(value, server_ms);
        }
    }
    return found && step == JSON_END && *server_ms >= SERVER_MS_MIN && *server_ms <= SERVER_MS_MAX;
}

/* An element of premiumIndex, when it is of a perpetual. */
static bool read_perpetual(struct span element, char *symbol, int64_t *next_ms)
{
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    struct text name = {0};
    bool has_time = false, has_name = false;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "nextFundingTime")) {
            has_time = json_whole(value, next_ms) && *next_ms > 0;
        } else if (json_key_is(key, "symbol") && value.data[0] == '"') {
            text_clear(&name);
            has_name = json_unescape(value, &name) && name.size > 0 &&
                       name.size < QUESTION_NAME_SIZE && strlen(name.data) == name.size;
        }
    }
    if (has_time && has_name) {
        memcpy(symbol, name.data, name.size + 1);
    }
    text_free(&name);
    return has_time && has_name;
}

bool endpoint_read_next_funding(struct span body, char symbol[QUESTION_NAME_SIZE], int64_t *next_ms)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span element;
    bool found = false;
    while (!found && json_next_element(&walk, &element) == JSON_ITEM) {
        found = read_perpetual(element, symbol, next_ms);
    }
    return found;
}

/* One element of rateLimits; sets *weight when it is the one a minute. */
static void read_rate_limit(struct span element, int64_t *weight)
{
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    bool of_weight = false, a_minute = false;
    int64_t limit = 0, intervals = 0;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "rateLimitType")) {
            of_weight = span_is(value, "\"REQUEST_WEIGHT\"");
        } else if (json_key_is(key, "interval")) {
            a_minute = span_is(value, "\"MINUTE\"");
        } else if (json_key_is(key, "intervalNum")) {
            json_whole(value, &intervals);
        } else if (json_key_is(key, "limit")) {
            json_whole(value, &limit);
        }
    }
    if (of_weight && a_minute && intervals == 1 && limit > 0) {
        *weight = limit;
    }
}

bool endpoint_read_weight_limit(struct span body, int64_t *weight)
{
    struct json_walk walk = json_walk_at(body, 0), limits;
    struct span key, value, element;
    *weight = 0;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (!json_key_is(key, "rateLimits")) {
            continue;
        }
        limits = json_walk_at(value, 0);
        while (json_next_element(&limits, &element) == JSON_ITEM) {
            read_rate_limit(element, weight);
        }
    }
    return *weight > 0;
}

void endpoint_fill_capture(struct http_response *response, struct capture *capture)
{
    capture->http_status = response->status;
    capture->used_weight = response->used_weight;
    capture->api_code = (struct maybe_int){0};
    capture->has_body = response->has_body;
    text_free(&capture->body);
    capture->body = response->body;
    response->body = (struct text){0};
    /* A status that refuses says what there is to act on (below 200 none is final), and a body that
     * is whole was answered, even when the connection broke after it. */
    bool refused = response->status.known && response->status.value > 200;
    bool whole = response->status.known && capture_body_is_whole(capture);
    if (response->outcome == OUTCOME_OK || refused || whole) {
        capture_judge(capture);
    } else {
        capture->outcome = response->outcome;
        text_clear(&capture->detail);
        capture_append_detail(capture, span_of(response->reason));
    }
}

static bool says_maintenance(struct span body)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span key, value;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        int64_t code;
        if (json_key_is(key, API_MAINTENANCE_MEMBER)) {
            return true;
        }
        if (json_key_is(key, "code") && json_whole(value, &code)) {
            return code == API_CODE_UNAVAILABLE || code == API_CODE_INVALID_ACCOUNT;
        }
    }
    return false;
}

bool endpoint_is_outage(const struct capture *capture)
{
    switch (capture->outcome) {
    case OUTCOME_SERVER_ERROR:
    case OUTCOME_TIMEOUT:
    case OUTCOME_NETWORK_ERROR:
    case OUTCOME_TLS_ERROR:
        return true;
    case OUTCOME_RATE_LIMITED:
    case OUTCOME_BANNED:
        return false;
    default:
        if (capture->http_status.known && capture->http_status.value == HTTP_BACKEND_TIMEOUT) {
            return true;
        }
        return capture->has_body && says_maintenance(text_span(&capture->body));
    }
}

static bool refuses_place(const struct capture *capture)
{
    return capture->http_status.known &&
           capture->http_status.value == HTTP_UNAVAILABLE_FOR_LEGAL_REASONS;
}

static bool refuses_address(const struct capture *capture)
{
    return capture->http_status.known && capture->http_status.value == HTTP_FORBIDDEN &&
           !capture->api_code.known;
}

bool endpoint_is_refused(const struct capture *capture)
{
    if (capture->outcome == OUTCOME_BANNED) {
        return true;
    }
    if (capture->outcome != OUTCOME_API_ERROR || endpoint_is_outage(capture)) {
        return false;
    }
    if (refuses_place(capture) || refuses_address(capture)) {
        return true;
    }
    int64_t code = capture->api_code.known ? capture->api_code.value : 0;
    return code == API_CODE_SIGNATURE || code == API_CODE_KEY_FORMAT || code == API_CODE_KEY;
}

const char *endpoint_refusal_advice(const struct capture *capture)
{
    return refuses_place(capture) ? "the exchange does not serve the place of this address"
           : refuses_address(capture)
               ? "the exchange's firewall stops it, or it does not serve this address"
               : "check key, secret, its read permission and its allowed addresses";
}

void endpoint_log_refusal(const struct capture *capture)
{
    bool is_page = capture->has_body && !capture->api_code.known;
    log_event(LOG_ERROR, "refused", LOG_TEXT("account", text_string(&capture->account)),
              LOG_TEXT("endpoint", endpoint_name(capture->endpoint)),
              LOG_TEXT("detail", text_string(&capture->detail)),
              LOG_TEXT("advice", endpoint_refusal_advice(capture)),
              LOG_TEXT("page", is_page
                                   ? "'posrec body' with the number of this account's next capture"
                                   : NULL));
}
