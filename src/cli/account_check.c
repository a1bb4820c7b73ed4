#include "cli/account_check.h"

#include <stdlib.h>

#include "cli/verdict.h"
#include "exchange/limits.h"
#include "exchange/signer.h"
#include "service/probe.h"

#define CLOCK_OFFSET_MS_MAX 1000

static void check_clock(struct cli *cli, const char *name, const struct probe_result *result)
{
    if (!result->clock_offset_ms.known) {
        verdict_say(cli, VERDICT_WARN, "account %s: the exchange's time could not be had", name);
        return;
    }
    long long offset_ms = result->clock_offset_ms.value, off_ms = result->clock_off_ms;
    if (llabs(offset_ms) - off_ms > CLOCK_OFFSET_MS_MAX) {
        verdict_say(cli, VERDICT_WARN,
                    "account %s: this machine's clock is off by %lld ms, give or take %lld "
                    "(posrec corrects it; have it set by NTP, as with chrony)",
                    name, -offset_ms, off_ms);
    } else {
        verdict_say(cli, VERDICT_OK,
                    "account %s: clock within %lld ms of the exchange's, give or take %lld", name,
                    llabs(offset_ms), off_ms);
    }
}

/* What the exchange says of the key where it is asked of keys. */
struct key_answer {
    bool was_asked;
    struct probe_result result;
    struct key_rights rights;
    struct error error; /* set: posrec's own failure */
};

static void ask_of_key(const struct account_settings *settings, struct key_answer *answer)
{
    *answer = (struct key_answer){.was_asked = settings->spot_url != NULL};
    if (answer->was_asked) {
        probe_key_rights(settings, &answer->result, &answer->rights, &answer->error);
    }
}

static bool is_unknown_key(const struct capture *capture)
{
    return capture->api_code.known && capture->api_code.value == API_CODE_KEY;
}

/* Why a key is refused: one that is good elsewhere is not a wrong one. */
static const char *refusal_advice(const struct capture *capture, const struct key_answer *key)
{
    const struct capture *elsewhere = &key->result.capture;
    bool is_told = key->was_asked && key->error.kind == ERROR_NONE && is_unknown_key(capture);
    if (!is_told || (elsewhere->outcome != OUTCOME_OK && !is_unknown_key(elsewhere))) {
        return endpoint_refusal_advice(capture);
    }
    if (elsewhere->outcome != OUTCOME_OK) {
        return "the key is wrong, lacks Enable Reading, or does not allow this machine's address";
    }
    if (!key->rights.may_read) {
        return "the key lacks Enable Reading";
    }
    return key->rights.has_portfolio
               ? "this looks like a Portfolio Margin account: its positions are under papi, which "
                 "posrec does not record"
               : "the key is good, but not for futures: open a futures account, and make a key "
                 "after that; what is in Portfolio Margin posrec does not record";
}

/* `refusal` is that of a key that is refused. */
static const char *advice(const struct probe_result *result, const char *refusal)
{
    switch (result->capture.outcome) {
    case OUTCOME_NETWORK_ERROR:
    case OUTCOME_TIMEOUT:
        return "check DNS, firewall, proxy and base_url";
    case OUTCOME_TLS_ERROR:
        return "check base_url, ca_file and this machine's clock";
    case OUTCOME_RATE_LIMITED:
    case OUTCOME_BANNED:
        return "wait, and poll less often";
    default:
        if (endpoint_is_outage(&result->capture)) {
            return "the exchange is maintained: try again later";
        }
        return result->is_refused ? refusal : "see the exchange's message";
    }
}

/* Where the exchange could not be asked, nobody knows what the key may do. */
static void check_rights(struct cli *cli, const char *name, const struct key_answer *key)
{
    const struct key_rights *rights = &key->rights;
    const struct capture *capture = &key->result.capture;
    bool is_told =
        key->was_asked && key->error.kind == ERROR_NONE && capture->outcome == OUTCOME_OK;
    if (!key->was_asked) {
        verdict_say(cli, VERDICT_WARN,
                    "account %s: what its key may do is not told at its base_url (look where it "
                    "was made: Enable Reading is enough)",
                    name);
    } else if (!is_told) {
        verdict_say(
            cli, VERDICT_WARN,
            "account %s: what its key may do could not be told: %s: %s (Enable Reading is enough)",
            name, key->error.kind != ERROR_NONE ? "posrec" : outcome_name(capture->outcome),
            key->error.kind != ERROR_NONE ? key->error.text : text_string(&capture->detail));
    } else if (rights->others.size > 0) {
        verdict_say(cli, VERDICT_WARN,
                    "account %s: its key may do more than read: %s (take that away: Enable Reading "
                    "is enough)",
                    name, text_string(&rights->others));
    } else {
        verdict_say(cli, VERDICT_OK, "account %s: its key may read, and nothing else", name);
    }
    if (is_told && !rights->is_restricted) {
        verdict_say(cli, VERDICT_WARN,
                    "account %s: its key may be used from any address (restrict it to this "
                    "machine's)",
                    name);
    }
}

static void check_weight(struct cli *cli, const char *name, const struct probe_result *result,
                         const struct account_check_weight *weight)
{
    if (weight->is_told || !result->others_weight.known) {
        return;
    }
    long long used = result->others_weight.value;
    double all = (double)used + (weight->is_running ? 0 : weight->needed);
    bool is_tight = all > (double)weight->budget;
    verdict_say(
        cli, is_tight ? VERDICT_WARN : VERDICT_OK,
        "account %s: others on its address%s have used %lld of the %d of weight of a minute, "
        "and this takes %.0f%s",
        name, weight->is_running ? ", 'posrec run' among them," : "", used, LIMITS_WEIGHT_DEFAULT,
        weight->needed, is_tight ? " (have them ask less, or record from another address)" : "");
}

/* Whether it makes sense to go on: a key that is refused is refused everywhere. */
static bool check_call(struct cli *cli, const struct account_settings *settings,
                       const struct account_check_weight *weight)
{
    struct probe_result result;
    struct key_answer key;
    struct error error;
    const char *name = settings->account;
    if (!probe_endpoint(settings, ENDPOINT_POSITION_RISK, &result, &error)) {
        verdict_say(cli, VERDICT_FAIL, "account %s: %s", name, error.text);
        probe_result_free(&result);
        return true;
    }
    ask_of_key(settings, &key);
    check_clock(cli, name, &result);
    const struct capture *capture = &result.capture;
    if (capture->outcome == OUTCOME_OK && !endpoint_is_outage(capture)) {
        verdict_say(cli, VERDICT_OK, "account %s: a signed call with its %s key was answered", name,
                    signer_kind(settings->exchange.credentials->signer));
    } else {
        verdict_say(cli, VERDICT_FAIL, "account %s: %s: %s (%s)", name,
                    outcome_name(capture->outcome), text_string(&capture->detail),
                    advice(&result, refusal_advice(capture, &key)));
    }
    check_rights(cli, name, &key);
    check_weight(cli, name, &result, weight);
    bool is_known = !is_unknown_key(capture);
    key_rights_free(&key.rights);
    probe_result_free(&key.result);
    probe_result_free(&result);
    return is_known;
}

/* One call to each other endpoint that is recorded: a key may read some and not others. */
static void check_money(struct cli *cli, const struct account_settings *settings)
{
    const enum endpoint asked[] = {ENDPOINT_ACCOUNT,        ENDPOINT_INCOME,
                                   ENDPOINT_USER_TRADES,    ENDPOINT_SYMBOL_CONFIG,
                                   ENDPOINT_ACCOUNT_CONFIG, settings->exchange.product->prices};
    struct text answered = {0};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *name = endpoint_name(asked[i]);
        struct probe_result result;
        struct error error;
        if (!settings->records[asked[i]]) {
            continue;
        }
        if (!probe_endpoint(settings, asked[i], &result, &error)) {
            verdict_say(cli, VERDICT_FAIL, "account %s: %s: %s", settings->account, name,
                        error.text);
        } else if (result.capture.outcome == OUTCOME_OK) {
            text_printf(&answered, "%s%s", answered.size > 0 ? " and " : "", name);
        } else {
            verdict_say(cli, VERDICT_FAIL,
                        "account %s: %s: %s: %s (%s; record chooses what is asked)",
                        settings->account, name, outcome_name(result.capture.outcome),
                        text_string(&result.capture.detail),
                        advice(&result, endpoint_refusal_advice(&result.capture)));
        }
        probe_result_free(&result);
    }
    if (answered.size > 0) {
        verdict_say(cli, VERDICT_OK, "account %s: %s are answered", settings->account,
                    text_string(&answered));
    }
    text_free(&answered);
}

static void check_stream(struct cli *cli, const struct account_settings *settings)
{
    struct capture capture = {0};
    struct error error;
    const char *name = settings->account;
    if (settings->lacks_stream_url) {
        verdict_say(
            cli, VERDICT_WARN,
            "account %s: its stream is not recorded: no stream_url is known for its base_url (set "
            "it, or record = positions)",
            name);
    }
    if (settings->stream_url == NULL) {
        return;
    }
    if (!probe_stream(settings, &capture, &error)) {
        verdict_say(cli, VERDICT_FAIL, "account %s: stream: %s", name, error.text);
    } else if (capture.outcome == OUTCOME_OPENED) {
        verdict_say(cli, VERDICT_OK,
                    "account %s: the user data stream was opened and answers (it speaks only when "
                    "something "
                    "happens in the account)",
                    name);
    } else {
        verdict_say(cli, VERDICT_FAIL, "account %s: stream: %s: %s (%s)", name,
                    outcome_name(capture.outcome), text_string(&capture.detail),
                    endpoint_is_refused(&capture)
                        ? endpoint_refusal_advice(&capture)
                        : "check stream_url, firewall and proxy; polls go on without it");
    }
    capture_free(&capture);
}

void account_check(struct cli *cli, const struct account_settings *settings,
                   const struct account_check_weight *weight)
{
    if (check_call(cli, settings, weight)) {
        check_money(cli, settings);
        check_stream(cli, settings);
    }
}
