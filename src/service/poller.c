#include "service/poller.h"

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/log.h"

/* A clock reading that takes longer than this is of no use. */
#define TIME_TIMEOUT_MS 5000

void poller_start(struct poller *poller, const struct poller_settings *settings,
                  struct transport *transport, struct exchange_clock *clock)
{
    *poller = (struct poller){.settings = settings, .transport = transport, .clock = clock};
}

void poller_free(struct poller *poller)
{
    capture_free(&poller->capture);
}

/* Sends a request for a URL that may hold a signature, and wipes the URL. */
static bool send_request(struct poller *poller, enum poller_phase phase, struct text *url,
                         const char *api_key, int64_t timeout_ms, struct error *error)
{
    const struct poller_settings *settings = poller->settings;
    struct http_request request = {
        .url = text_string(url),
        .api_key = api_key,
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
        .timeout_ms = timeout_ms,
        .owner = poller,
    };
    poller->phase = phase;
    poller->sent_monotonic_ms = clock_monotonic_ms();
    bool sent = transport_start(poller->transport, &request, error);
    if (url->data != NULL) {
        OPENSSL_cleanse(url->data, url->capacity);
    }
    text_free(url);
    if (!sent) {
        poller->phase = POLLER_IDLE;
    }
    return sent;
}

static bool ask_time(struct poller *poller, bool question_follows, struct error *error)
{
    struct text url = {0};
    poller->question_follows = question_follows;
    int64_t timeout_ms = poller->settings->timeout_ms < TIME_TIMEOUT_MS
                             ? poller->settings->timeout_ms
                             : TIME_TIMEOUT_MS;
    if (!endpoint_time(&poller->settings->exchange, &url, error)) {
        text_free(&url);
        return false;
    }
    return send_request(poller, POLLER_TIME, &url, NULL, timeout_ms, error);
}

static bool ask(struct poller *poller, struct error *error)
{
    const struct poller_settings *settings = poller->settings;
    struct capture *capture = &poller->capture;
    int64_t now_ms = exchange_clock_at(poller->clock, clock_monotonic_ms());
    struct text url = {0};
    capture_clear(capture);
    text_append_string(&capture->account, settings->account);
    capture->endpoint = poller->question.endpoint;
    capture->due_ms = poller->due_ms;
    capture->sent_ms = maybe_of(now_ms);
    capture->clock_offset_ms = poller->clock->offset_ms;
    capture->interval_ms = poller->interval_ms;
    capture->attempt = poller->attempt;
    if (!endpoint_ask(&settings->exchange, &poller->question, now_ms, &url, &capture->request,
                      error)) {
        text_free(&url);
        return false;
    }
    const char *api_key = endpoint_is_signed(capture->endpoint)
                              ? text_string(&settings->exchange.credentials->api_key)
                              : NULL;
    return send_request(poller, POLLER_ASKING, &url, api_key, settings->timeout_ms, error);
}

bool poller_ask(struct poller *poller, const struct question *question, struct maybe_int due_ms,
                struct maybe_int interval_ms, struct error *error)
{
    bool needs_time = endpoint_is_signed(question->endpoint) && !poller->clock->offset_ms.known;
    poller->question = *question;
    poller->due_ms = due_ms;
    poller->interval_ms = interval_ms;
    poller->attempt = 1;
    poller->clock_retried = false;
    return needs_time ? ask_time(poller, true, error) : ask(poller, error);
}

bool poller_ask_positions(struct poller *poller, struct maybe_int due_ms, struct error *error)
{
    const struct question question = {.endpoint = ENDPOINT_POSITION_RISK};
    return poller_ask(poller, &question, due_ms, poller->settings->interval_ms, error);
}

bool poller_retry(struct poller *poller, struct error *error)
{
    poller->attempt++;
    return ask(poller, error);
}

bool poller_ask_time(struct poller *poller, struct error *error)
{
    return ask_time(poller, false, error);
}

/* Takes the time from its answer; what else came is left in poller->capture, for its outcome. */
static void take_time(struct poller *poller, struct http_response *response)
{
    int64_t now_monotonic_ms = clock_monotonic_ms();
    int64_t server_ms;
    struct log_line line;
    capture_clear(&poller->capture);
    if (response->status.value == 200 &&
        endpoint_read_time(text_span(&response->body), &server_ms)) {
        exchange_clock_measure(poller->clock, poller->sent_monotonic_ms, now_monotonic_ms,
                               server_ms);
        log_begin(&line, LOG_DEBUG, "clock");
        log_text(&line, "account", poller->settings->account);
        log_int(&line, "offset_ms", poller->clock->offset_ms.value);
        log_int(&line, "round_trip_ms", now_monotonic_ms - poller->sent_monotonic_ms);
        log_end(&line);
        return;
    }
    endpoint_fill_capture(response, &poller->capture);
    log_begin(&line, LOG_WARNING, "clock_not_measured");
    log_text(&line, "account", poller->settings->account);
    log_text(&line, "outcome", outcome_name(poller->capture.outcome));
    log_text(&line, "detail", text_string(&poller->capture.detail));
    log_end(&line);
}

/* The exchange wants to be left alone: a poll now would be going on after a 429. */
static bool orders_pause(const struct capture *capture)
{
    return capture->outcome == OUTCOME_RATE_LIMITED || capture->outcome == OUTCOME_BANNED;
}

enum poller_step poller_answer(struct poller *poller, struct http_response *response,
                               struct error *error)
{
    poller->retry_after_s = response->retry_after_s;
    if (poller->phase == POLLER_TIME) {
        take_time(poller, response);
        if (!poller->question_follows || orders_pause(&poller->capture)) {
            poller->phase = POLLER_IDLE;
            return POLLER_MEASURED;
        }
        return ask(poller, error) ? POLLER_WAITING : POLLER_FAILED;
    }
    poller->capture.received_ms = exchange_clock_at(poller->clock, clock_monotonic_ms());
    endpoint_fill_capture(response, &poller->capture);
    if (capture_failed(&poller->capture)) {
        error_no_memory(error);
        return POLLER_FAILED;
    }
    return POLLER_CAPTURED;
}

void poller_log_refusal(const char *account, const struct capture *capture)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "refused");
    log_text(&line, "account", account);
    log_text(&line, "endpoint", endpoint_name(capture->endpoint));
    log_text(&line, "detail", text_string(&capture->detail));
    log_text(&line, "advice", endpoint_refusal_advice(capture));
    if (capture->has_body && !capture->api_code.known) {
        log_text(&line, "page", "'posrec body' with the number of this account's next capture");
    }
    log_end(&line);
}

bool poller_continue(struct poller *poller, struct error *error)
{
    bool clock_is_off = poller->phase == POLLER_ASKING && poller->capture.api_code.known &&
                        poller->capture.api_code.value == API_CODE_TIMESTAMP;
    if (clock_is_off && !poller->clock_retried) {
        poller->clock_retried = true;
        poller->attempt++;
        return ask_time(poller, true, error);
    }
    poller->phase = POLLER_IDLE;
    return true;
}
