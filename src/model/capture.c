#include "model/capture.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/decimal.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "model/json_span.h"

/* An answer longer than this is no `{"code":...,"msg":...}`; do not look for one in it. */
#define ERROR_BODY_SIZE_MAX ((size_t)64 << 10)

static const char *const OUTCOME_NAMES[OUTCOME_COUNT] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_API_ERROR] = "api_error",
    [OUTCOME_RATE_LIMITED] = "rate_limited",
    [OUTCOME_BANNED] = "banned",
    [OUTCOME_SERVER_ERROR] = "server_error",
    [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_NETWORK_ERROR] = "network_error",
    [OUTCOME_TLS_ERROR] = "tls_error",
    [OUTCOME_UNREADABLE] = "unreadable",
    [OUTCOME_OPENED] = "opened",
    [OUTCOME_CLOSED] = "closed",
    [OUTCOME_STARTED] = "started",
    [OUTCOME_STOPPED] = "stopped",
};

static const char *const ENDPOINT_NAMES[ENDPOINT_ASKED_COUNT] = {
    [ENDPOINT_POSITION_RISK] = "positionRisk",
    [ENDPOINT_EXCHANGE_INFO] = "exchangeInfo",
    [ENDPOINT_ACCOUNT] = "account",
    [ENDPOINT_INCOME] = "income",
    [ENDPOINT_USER_TRADES] = "userTrades",
    [ENDPOINT_PREMIUM_INDEX] = "premiumIndex",
    [ENDPOINT_FUNDING_RATE] = "fundingRate",
    [ENDPOINT_SYMBOL_CONFIG] = "symbolConfig",
    [ENDPOINT_ACCOUNT_CONFIG] = "accountConfig",
    [ENDPOINT_ASSET_INDEX] = "assetIndex",
    [ENDPOINT_USER_DATA] = "userData",
    [ENDPOINT_RECORDER] = "recorder",
    [ENDPOINT_TIMESTAMP] = "timestamp",
    [ENDPOINT_TIME] = "time",
    [ENDPOINT_LISTEN_KEY] = "listenKey",
    [ENDPOINT_KEY_RIGHTS] = "apiRestrictions",
};

void capture_clear(struct capture *capture)
{
    struct text account = capture->account, detail = capture->detail;
    struct text request = capture->request, body = capture->body;
    text_clear(&account);
    text_clear(&detail);
    text_clear(&request);
    text_clear(&body);
    *capture = (struct capture){
        .account = account, .detail = detail, .request = request, .body = body, .attempt = 1};
}

void capture_free(struct capture *capture)
{
    text_free(&capture->account);
    text_free(&capture->detail);
    text_free(&capture->request);
    text_free(&capture->body);
    *capture = (struct capture){0};
}

bool capture_failed(const struct capture *capture)
{
    return capture->account.failed || capture->detail.failed || capture->request.failed ||
           capture->body.failed;
}

bool capture_account_is_valid(struct span name)
{
    if (name.size == 0 || name.size > CAPTURE_ACCOUNT_SIZE_MAX || !utf8_is_valid(name) ||
        utf8_has_control(name)) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < 0x80 && !isalnum(c) && strchr("._-@", c) == NULL) {
            return false;
        }
    }
    return true;
}

bool capture_check_time(const char *name, int64_t time_ms, int64_t now_ms, struct error *error)
{
    char text[TIME_TEXT_SIZE], from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
    int64_t last_ms = now_ms + CAPTURE_AHEAD_MS_MAX;
    if (time_ms >= CAPTURE_TIME_MS_MIN && time_ms <= last_ms) {
        return true;
    }
    time_text_format(time_ms, text);
    time_text_format(CAPTURE_TIME_MS_MIN, from);
    time_text_format(last_ms, to);
    return error_set(error, ERROR_USAGE, "%s: %s is not within %s and %s, a day from now", name,
                     text, from, to);
}

int64_t capture_age_ms(int64_t time_ms, int64_t now_ms)
{
    if (time_ms > now_ms) {
        return time_ms - now_ms > CAPTURE_AGE_AHEAD_MS_MAX ? CAPTURE_NO_AGE : 0;
    }
    return now_ms - time_ms;
}

bool capture_body_is_whole(const struct capture *capture)
{
    struct span body = json_trim(text_span(&capture->body));
    return body.size > 0 && memchr("{[\"", body.data[0], 3) != NULL &&
           json_skip_value(body, 0) == body.size;
}

bool outcome_follows_from_response(enum outcome outcome)
{
    return outcome != OUTCOME_TIMEOUT && outcome != OUTCOME_NETWORK_ERROR &&
           outcome != OUTCOME_TLS_ERROR && outcome != OUTCOME_OPENED && outcome != OUTCOME_CLOSED &&
           outcome != OUTCOME_STARTED && outcome != OUTCOME_STOPPED;
}

const char *outcome_name(enum outcome outcome)
{
    return OUTCOME_NAMES[outcome];
}

bool outcome_from_name(struct span name, enum outcome *outcome)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (span_is(name, OUTCOME_NAMES[i])) {
            *outcome = (enum outcome)i;
            return true;
        }
    }
    return false;
}

const char *endpoint_name(enum endpoint endpoint)
{
    return ENDPOINT_NAMES[endpoint];
}

bool endpoint_from_name(struct span name, enum endpoint *endpoint)
{
    for (int i = 0; i < ENDPOINT_COUNT; i++) {
        if (span_is(name, ENDPOINT_NAMES[i])) {
            *endpoint = (enum endpoint)i;
            return true;
        }
    }
    return false;
}

void capture_append_detail(struct capture *capture, struct span words)
{
    struct text *detail = &capture->detail;
    while (words.size > 0 && detail->size < CAPTURE_DETAIL_SIZE_MAX) {
        size_t left = CAPTURE_DETAIL_SIZE_MAX - detail->size;
        struct span part = {words.data, words.size < left ? words.size : left};
        size_t valid = utf8_valid_size(part);
        for (size_t i = 0; i < valid; i++) {
            char c = part.data[i];
            text_append_char(detail, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
        }
        if (valid == left) {
            break;
        }
        if (valid < part.size) {
            text_append_char(detail, '?');
            valid++;
        }
        words = (struct span){words.data + valid, words.size - valid};
    }
}

static enum outcome outcome_of_status(int64_t status)
{
    if (status == 200) {
        return OUTCOME_OK;
    }
    if (status == 429) {
        return OUTCOME_RATE_LIMITED;
    }
    if (status == 418) {
        return OUTCOME_BANNED;
    }
    return status >= 500 && status <= 599 ? OUTCOME_SERVER_ERROR : OUTCOME_API_ERROR;
}

/* Reads `{"code":-1121,"msg":"Invalid symbol."}`, the exchange's way to say no. */
static void read_error_body(struct capture *capture)
{
    struct json_walk walk = json_walk_at(text_span(&capture->body), 0);
    struct span key, value;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        int64_t code;
        bool rounded;
        if (json_key_is(key, "code") && decimal_parse(value, 0, &code, &rounded) == DECIMAL_OK &&
            !rounded) {
            capture->api_code = maybe_of(code);
        } else if (json_key_is(key, "msg") && value.data[0] == '"') {
            struct text message = {0};
            if (json_unescape(value, &message)) {
                capture_append_detail(capture, text_span(&message));
            }
            text_free(&message);
        }
    }
}

void capture_judge(struct capture *capture)
{
    text_clear(&capture->detail);
    capture->api_code = (struct maybe_int){0};
    capture->outcome =
        capture->http_status.known ? outcome_of_status(capture->http_status.value) : OUTCOME_OK;
    if (capture->outcome == OUTCOME_OK) {
        return;
    }
    if (capture->has_body && capture->body.size <= ERROR_BODY_SIZE_MAX) {
        read_error_body(capture);
    }
    if (capture->detail.size == 0) {
        text_printf(&capture->detail, "HTTP %lld", (long long)capture->http_status.value);
    }
}
