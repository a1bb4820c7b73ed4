#include "service/fetch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "service/money.h"

#define POLL_WAIT_MS 1000
#define MONEY_WAIT_MS 200 /* a look at what happened may be due sooner than an answer comes */

/* How old what exchangeInfo said may be. */
#define CONTRACTS_AGE_MS_MAX (INT64_C(24) * 3600 * 1000)

struct fetch {
    struct transport *transport;
    struct recorder *recorder;
    struct known *known;
    struct poller *pollers;
    struct money *moneys;
    struct limits *limits;         /* of money: one each, as the clocks */
    struct exchange_clock *clocks; /* one each: accounts may be on different exchanges */
    struct fetch_result *results;
    size_t count;
    bool contracts_asked; /* one account's answer serves all */
};

void fetch_result_free(struct fetch_result *result)
{
    capture_free(&result->capture);
    text_free(&result->contracts_problem);
    text_free(&result->money_problem);
}

/* Whether exchangeInfo is to be read now. */
static bool needs_contracts(struct fetch *fetch, const struct capture *capture,
                            const struct recorded *recorded, bool *needed, struct error *error)
{
    int64_t read_ms;
    if (!recorder_exchange_info_ms(fetch->recorder, &read_ms, error)) {
        return false;
    }
    *needed = !fetch->contracts_asked && capture->outcome == OUTCOME_OK &&
              recorded->row_count > 0 &&
              (recorded->new_contract_count > 0 || read_ms == INT64_MIN ||
               capture->received_ms - read_ms > CONTRACTS_AGE_MS_MAX);
    return true;
}

/* Once the poll itself is recorded, what goes wrong only concerns the contracts. */
static void fail(struct poller *poller, struct fetch_result *result, const struct error *error)
{
    poller->phase = POLLER_IDLE;
    if (result->done) {
        text_append_string(&result->contracts_problem, error->text);
    } else {
        result->error = *error;
    }
}

static bool end_contracts(struct poller *poller, struct fetch_result *result)
{
    poller->phase = POLLER_IDLE;
    if (poller->capture.outcome != OUTCOME_OK) {
        text_printf(&result->contracts_problem, "%s: %s", outcome_name(poller->capture.outcome),
                    text_string(&poller->capture.detail));
    }
    return true;
}

/* Goes on with the retry after -1021, with exchangeInfo, or not at all. */
static bool end_poll(struct fetch *fetch, struct poller *poller, struct fetch_result *result,
                     struct error *error)
{
    bool needed;
    if (!poller_continue(poller, error)) {
        return false;
    }
    if (poller->phase != POLLER_IDLE) {
        return true;
    }
    struct capture spare = result->capture;
    result->capture = poller->capture;
    poller->capture = spare;
    result->done = true;
    if (!needs_contracts(fetch, &result->capture, &result->recorded, &needed, error)) {
        return false;
    }
    const struct question contracts = {.endpoint = ENDPOINT_EXCHANGE_INFO};
    fetch->contracts_asked |= needed;
    return !needed ||
           poller_ask(poller, &contracts, (struct maybe_int){0}, (struct maybe_int){0}, error);
}

static bool take_capture(struct fetch *fetch, struct poller *poller, struct fetch_result *result,
                         struct error *error)
{
    struct recorded recorded;
    if (!recorder_record(fetch->recorder, RECORD_LIVE, &poller->capture, &recorded, error)) {
        return false;
    }
    if (poller->question.endpoint == ENDPOINT_EXCHANGE_INFO) {
        return end_contracts(poller, result);
    }
    result->recorded = recorded;
    return end_poll(fetch, poller, result, error);
}

static void take_answer(struct fetch *fetch, struct http_response *response)
{
    struct poller *poller = response->owner;
    struct fetch_result *result = &fetch->results[poller - fetch->pollers];
    struct error error;
    enum poller_step step = poller_answer(poller, response, &error);
    if (step == POLLER_MEASURED) {
        error_set(&error, endpoint_is_refused(&poller->capture) ? ERROR_REFUSED : ERROR_FAILED,
                  "not polled: asked for the time, the exchange said %s: %s (wait)",
                  outcome_name(poller->capture.outcome), text_string(&poller->capture.detail));
    }
    if (step == POLLER_MEASURED || step == POLLER_FAILED ||
        (step == POLLER_CAPTURED && !take_capture(fetch, poller, result, &error))) {
        fail(poller, result, &error);
    }
}

static bool is_busy(const struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->count; i++) {
        if (fetch->pollers[i].phase != POLLER_IDLE) {
            return true;
        }
    }
    return false;
}

static bool work(struct fetch *fetch, struct error *error)
{
    while (is_busy(fetch)) {
        struct http_response response;
        if (!transport_poll(fetch->transport, -1, POLL_WAIT_MS, error)) {
            return false;
        }
        while (transport_take(fetch->transport, &response)) {
            take_answer(fetch, &response);
            http_response_free(&response);
        }
    }
    return true;
}

static void say_problem(struct fetch_result *result, const char *what, const char *why)
{
    text_printf(&result->money_problem, "%s%s: %s", result->money_problem.size > 0 ? "; " : "",
                what, why);
}

/* Records what came of a question about money. */
static void take_money(struct fetch *fetch, size_t index, struct http_response *response)
{
    struct money *money = &fetch->moneys[index];
    struct fetch_result *result = &fetch->results[index];
    struct capture *capture = &money->poller.capture;
    struct recorded recorded;
    struct error error;
    int64_t now_ms = exchange_clock_at(&fetch->clocks[index], clock_monotonic_ms());
    bool captured = money_answer(money, response, now_ms, false, 0);
    limits_note_answer(&fetch->limits[index], now_ms, capture, money->poller.retry_after_s);
    if (!captured) {
        return;
    }
    if (!recorder_record(fetch->recorder, RECORD_LIVE, capture, &recorded, &error)) {
        money->is_waiting = false;
        money->account_wanted = money->income_wanted = false;
        say_problem(result, endpoint_name(capture->endpoint), error.text);
        return;
    }
    if (capture->outcome != OUTCOME_OK) {
        say_problem(result, endpoint_name(capture->endpoint), text_string(&capture->detail));
    }
    result->money_rows += recorded.row_count;
    money_note_recorded(money, capture, recorded.row_count);
}

/* Whether questions about money are left; asks the next ones. */
static bool ask_money(struct fetch *fetch)
{
    bool any = false;
    for (size_t i = 0; i < fetch->count; i++) {
        struct money *money = &fetch->moneys[i];
        int64_t now_ms = exchange_clock_at(&fetch->clocks[i], clock_monotonic_ms());
        bool good = fetch->results[i].done && fetch->results[i].capture.outcome == OUTCOME_OK;
        if (good && !money_is_idle(money, now_ms)) {
            money_work(money, now_ms, &fetch->limits[i]);
            any |= !money_is_idle(money, now_ms);
        }
    }
    return any;
}

static bool work_money(struct fetch *fetch, const struct poller_settings *settings,
                       struct error *error)
{
    for (size_t i = 0; i < fetch->count; i++) {
        fetch->limits[i] = limits_start(settings[i].weight_share_percent);
        money_start(&fetch->moneys[i], &settings[i], fetch->transport, &fetch->clocks[i],
                    fetch->known);
        money_want_round(&fetch->moneys[i],
                         exchange_clock_at(&fetch->clocks[i], clock_monotonic_ms()));
    }
    while (ask_money(fetch)) {
        struct http_response response;
        if (!transport_poll(fetch->transport, -1, MONEY_WAIT_MS, error)) {
            return false;
        }
        while (transport_take(fetch->transport, &response)) {
            take_money(fetch, (size_t)((struct money *)response.owner - fetch->moneys), &response);
            http_response_free(&response);
        }
    }
    return true;
}

static void start_all(struct fetch *fetch, const struct poller_settings *settings)
{
    struct exchange_clock clock = exchange_clock_start(clock_real_ms(), clock_monotonic_ms());
    for (size_t i = 0; i < fetch->count; i++) {
        fetch->clocks[i] = clock;
        poller_start(&fetch->pollers[i], &settings[i], fetch->transport, &fetch->clocks[i]);
        poller_ask_positions(&fetch->pollers[i], (struct maybe_int){0}, &fetch->results[i].error);
    }
}

bool fetch_all(const struct poller_settings *settings, size_t count, struct recorder *recorder,
               struct known *known, struct fetch_result *results, struct error *error)
{
    struct fetch fetch = {.recorder = recorder, .known = known, .results = results, .count = count};
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct fetch_result){0};
    }
    fetch.pollers = calloc(count, sizeof *fetch.pollers);
    fetch.clocks = calloc(count, sizeof *fetch.clocks);
    fetch.moneys = calloc(count, sizeof *fetch.moneys);
    fetch.limits = calloc(count, sizeof *fetch.limits);
    bool done = (fetch.pollers != NULL && fetch.clocks != NULL && fetch.moneys != NULL &&
                 fetch.limits != NULL) ||
                error_no_memory(error);
    if (done) {
        fetch.transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
        done = fetch.transport != NULL;
    }
    if (done) {
        start_all(&fetch, settings);
        done = work(&fetch, error) && work_money(&fetch, settings, error);
    }
    for (size_t i = 0; i < count && fetch.transport != NULL; i++) {
        poller_free(&fetch.pollers[i]);
        money_free(&fetch.moneys[i]);
    }
    transport_free(fetch.transport);
    free(fetch.pollers);
    free(fetch.clocks);
    free(fetch.moneys);
    free(fetch.limits);
    return done;
}
