#include "service/fetch.h"

#include <stdlib.h>

#include "ask/host_sources.h"
#include "base/time_text.h"
#include "host/clock.h"
#include "service/round.h"

/* How old what exchangeInfo said may be. */
#define CONTRACTS_AGE_MS_MAX (INT64_C(24) * 3600 * 1000)

struct fetch_account {
    struct ask_account asked; /* the first */
    struct fetch_result *result;
    bool money_wanted;
};

struct fetch {
    struct round round; /* the first */
    struct recorder *recorder;
    struct fetch_account *accounts;
    size_t count;
};

void fetch_result_free(struct fetch_result *result)
{
    capture_free(&result->capture);
    text_free(&result->contracts_problem);
    text_free(&result->money_problem);
}

/* Whether exchangeInfo is to be read now: an answer serves all accounts of a host. */
static bool needs_contracts(struct fetch *fetch, const struct fetch_account *account,
                            const struct capture *capture, const struct recorded *recorded)
{
    int64_t read_ms;
    struct error ignored;
    return account->asked.host->contracts.asked_at.ms == 0 && recorded->row_count > 0 &&
           recorder_exchange_info_ms(fetch->recorder, capture->product, &read_ms, &ignored) &&
           (recorded->new_contract_count > 0 || read_ms == INT64_MIN ||
            capture->received_ms - read_ms > CONTRACTS_AGE_MS_MAX);
}

/* One round of each of its other kinds is due. */
static void want_money(struct fetch_account *account, const struct now *now)
{
    struct ask_account *asked = &account->asked;
    if (account->money_wanted) {
        return;
    }
    account->money_wanted = true;
    if (asked->balances.source != NULL) {
        asker_want(&asked->balances, now->boot);
    }
    if (asked->configs.source != NULL) {
        asker_want(&asked->configs, now->boot);
    }
    if (asked->account_config.source != NULL) {
        asker_want(&asked->account_config, now->boot);
    }
    if (asked->income.asker.source != NULL) {
        asker_want(&asked->income.asker, now->boot);
    }
    trades_note_news(&asked->trades, now->boot);
}

static void take_poll(struct fetch *fetch, struct fetch_account *account,
                      const struct recorded *recorded, struct capture *capture)
{
    struct fetch_result *result = account->result;
    const struct now now = clock_now();
    capture_free(&result->capture);
    result->done = true;
    result->recorded = *recorded;
    result->capture = *capture;
    *capture = (struct capture){0};
    if (result->capture.outcome == OUTCOME_OK) {
        if (needs_contracts(fetch, account, &result->capture, recorded)) {
            contracts_want(account->asked.host);
        }
        want_money(account, &now);
    }
}

static void say_money(struct fetch_result *result, enum endpoint endpoint, const char *why)
{
    text_printf(&result->money_problem, "%s%s: %s", result->money_problem.size > 0 ? "; " : "",
                endpoint_name(endpoint), why);
}

static void fail(struct fetch_result *result, enum endpoint endpoint, const struct error *error)
{
    switch (endpoint) {
    case ENDPOINT_POSITION_RISK:
        result->error = *error;
        break;
    case ENDPOINT_EXCHANGE_INFO:
        text_append_string(&result->contracts_problem, error->text);
        break;
    default:
        say_money(result, endpoint, error->text);
    }
}

static void on_capture(void *context, struct ask_account *asked, struct capture *capture)
{
    struct fetch *fetch = context;
    struct fetch_account *account = (struct fetch_account *)asked;
    struct fetch_result *result = account->result;
    enum endpoint endpoint = capture->endpoint;
    const struct now now = clock_now();
    struct recorded recorded;
    struct error error;
    if (!recorder_record(fetch->recorder, RECORD_LIVE, capture, &recorded, &error)) {
        fail(result, endpoint, &error);
        capture_free(capture);
        return;
    }
    ask_recorded(&now, asked, capture, &recorded);
    if (endpoint == ENDPOINT_POSITION_RISK) {
        take_poll(fetch, account, &recorded, capture);
    } else if (endpoint == ENDPOINT_EXCHANGE_INFO) {
        if (capture->outcome != OUTCOME_OK) {
            text_printf(&result->contracts_problem, "%s: %s", outcome_name(capture->outcome),
                        text_string(&capture->detail));
        }
    } else {
        result->money_rows += recorded.row_count;
        if (capture->outcome != OUTCOME_OK) {
            say_money(result, endpoint, text_string(&capture->detail));
        }
    }
    capture_free(capture);
}

/* What the exchange's wish to be left alone means for an account. */
static void note_pause(struct fetch_account *account, const struct now *now)
{
    const struct ask_host *host = account->asked.host;
    const struct limits *limits = &host->way->limits;
    struct fetch_result *result = account->result;
    char until[TIME_TEXT_SIZE];
    if (!limits_are_paused(limits, now->boot)) {
        return;
    }
    struct exchange_time end = exchange_clock_at(&host->clock, now, limits->paused_until);
    result->paused_until_ms = maybe_of(end.ms);
    result->is_long_pause =
        boot_since(limits->paused_until, now->boot) > account->asked.settings->timeout_ms;
    if (!result->done) {
        time_text_format(end.ms, until);
        error_set(&result->error, ERROR_REFUSED,
                  "not polled: the exchange wants no requests from this address until %s (wait)",
                  until);
    }
}

static bool start_all(struct fetch *fetch, const struct account_settings *settings,
                      struct fetch_result *results, struct error *error)
{
    const struct now now = clock_now();
    for (size_t i = 0; i < fetch->count; i++) {
        struct fetch_account *account = &fetch->accounts[i];
        account->result = &results[i];
        if (!ask_add(fetch->round.ask, &account->asked, &settings[i], &now, true, error)) {
            return false;
        }
        asker_want(&account->asked.positions, now.boot);
    }
    return true;
}

bool fetch_all(const struct account_settings *settings, size_t count, struct recorder *recorder,
               struct known *known, struct fetch_result *results, struct error *error)
{
    struct fetch fetch = {.recorder = recorder, .count = count};
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct fetch_result){0};
        error_set(&results[i].error, ERROR_FAILED, "not polled (see the log)");
    }
    fetch.round.settings = (struct ask_settings){
        .watch.on_capture = on_capture,
        .known = known,
        .is_round = true,
    };
    fetch.accounts = calloc(count, sizeof *fetch.accounts);
    bool done = (fetch.accounts != NULL || error_no_memory(error)) &&
                round_start(&fetch.round, error) && start_all(&fetch, settings, results, error) &&
                round_work(&fetch.round, error);
    const struct now now = clock_now();
    for (size_t i = 0; i < count && done; i++) {
        note_pause(&fetch.accounts[i], &now);
    }
    round_end(&fetch.round);
    free(fetch.accounts);
    return done;
}
