#include <stdlib.h>

#include "base/time_text.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "service/fetch.h"

/* How the accounts' polls went, for the exit code and the one error line. */
struct tally {
    size_t failed;
    bool refused;
    bool unread;        /* nobody reads what is printed, which is no account's failure */
    struct error first; /* of the first account that failed */
};

static void note_failure(struct tally *tally, const struct error *error)
{
    if (error->kind == ERROR_READER_GONE) {
        tally->unread = true;
        return;
    }
    if (tally->failed++ == 0) {
        tally->first = *error;
    }
    tally->refused |= error->kind == ERROR_REFUSED;
}

/* "" when there is none. */
static const char *advice(const struct capture *capture)
{
    switch (capture->outcome) {
    case OUTCOME_RATE_LIMITED:
        return "poll less often, and wait until ";
    case OUTCOME_BANNED:
        return "wait until the ban is over, at ";
    case OUTCOME_TLS_ERROR:
        return "check base_url, ca_file and the machine's clock";
    case OUTCOME_NETWORK_ERROR:
    case OUTCOME_TIMEOUT:
        return "check the network and base_url";
    case OUTCOME_API_ERROR:
    case OUTCOME_UNREADABLE:
        return endpoint_is_outage(capture)    ? "the exchange is maintained: try again later"
               : endpoint_is_refused(capture) ? endpoint_refusal_advice(capture)
                                              : "";
    default:
        return "";
    }
}

/* What there is to do about a poll that did not end well, in parentheses. An answer that is not the
 * exchange's JSON may say more than its status does. */
static void append_advice(struct text *out, const struct fetch_result *result)
{
    const struct capture *capture = &result->capture;
    const char *what = advice(capture);
    char until[TIME_TEXT_SIZE] = "";
    if (result->paused_until_ms.known) {
        time_text_format(result->paused_until_ms.value, until);
    }
    bool is_page =
        capture->has_body && !capture->api_code.known &&
        (capture->outcome == OUTCOME_API_ERROR || capture->outcome == OUTCOME_UNREADABLE);
    if (what[0] != '\0' || is_page) {
        text_printf(out, " (%s%s%s", what, until, what[0] != '\0' && is_page ? "; " : "");
        if (is_page) {
            text_printf(out, "'posrec body %lld' writes its bytes",
                        (long long)result->recorded.capture_id);
        }
        text_append_char(out, ')');
    }
}

/* The account's failure as an error, when its poll did not end well. */
static bool check_result(const char *account, const struct fetch_result *result,
                         struct error *error)
{
    const struct capture *capture = &result->capture;
    if (!result->done) {
        *error = result->error;
        return error_context(error, "account %s", account);
    }
    if (capture->outcome == OUTCOME_OK) {
        return true;
    }
    bool refused = endpoint_is_refused(capture) || result->is_long_pause;
    struct text todo = {0};
    append_advice(&todo, result);
    char code[32] = "";
    if (capture->api_code.known) {
        snprintf(code, sizeof code, "%lld ", (long long)capture->api_code.value);
    }
    error_set(error, refused ? ERROR_REFUSED : ERROR_FAILED, "account %s: capture %lld: %s: %s%s%s",
              account, (long long)result->recorded.capture_id, outcome_name(capture->outcome), code,
              text_string(&capture->detail), text_string(&todo));
    text_free(&todo);
    return false;
}

static bool print_changes(const struct cli *cli, const char *account,
                          const struct fetch_result *result, struct error *error)
{
    const struct report_question question = {
        .database = &cli->database,
        .account = account,
        .from_ms = maybe_of(result->capture.received_ms),
        .wide = true,
    };
    int64_t changes = 0;
    if (cli->options.quiet) {
        return true;
    }
    if (!report_run(&question, "changes_of_poll", FORMAT_TABLE, stdout, &changes, error)) {
        return false;
    }
    int64_t seen = result->recorded.position_count - changes;
    cli_say(cli,
            "account %s: capture %lld: %lld rows, %lld changed, %lld flat seen for the first time",
            account, (long long)result->recorded.capture_id, (long long)result->recorded.row_count,
            (long long)changes, (long long)seen);
    if (result->recorded.time_moved) {
        cli_say(cli,
                "account %s: warning: the clock is behind the last poll; recorded 1 ms after it",
                account);
    }
    if (result->money_rows > 0) {
        cli_say(cli, "account %s: %lld rows of balances, margins, income, trades and prices",
                account, (long long)result->money_rows);
    }
    if (result->money_problem.size > 0) {
        cli_say(cli, "account %s: warning: %s (see 'posrec doctor'; record chooses what is asked)",
                account, text_string(&result->money_problem));
    }
    if (result->contracts_problem.size > 0) {
        cli_say(
            cli,
            "account %s: warning: exchangeInfo: %s (contract sizes come from the symbols' names "
            "meanwhile)",
            account, text_string(&result->contracts_problem));
    }
    return true;
}

static bool print_results(const struct cli *cli, const struct accounts *accounts,
                          const struct fetch_result *results, struct error *error)
{
    struct tally tally = {0};
    for (size_t i = 0; i < accounts->count; i++) {
        const char *account = accounts->settings[i].account;
        struct error why;
        if (!check_result(account, &results[i], &why) ||
            !print_changes(cli, account, &results[i], &why)) {
            note_failure(&tally, &why);
            /* The first is the command's own error line; the others are said here. */
            if (tally.failed > 1 && why.kind != ERROR_READER_GONE) {
                cli_print(stderr, "posrec: fetch: %s", why.text);
            }
        }
    }
    if (tally.failed == 0) {
        return !tally.unread || error_set(error, ERROR_READER_GONE, "output");
    }
    *error = tally.first;
    error->kind = tally.refused ? ERROR_REFUSED : tally.first.kind;
    return error_context(error, "fetch");
}

static bool fetch(struct cli *cli, struct accounts *accounts, struct error *error)
{
    /* Gaps are judged by the interval that somebody has set; where none is, a poll by hand has no
     * schedule. */
    for (size_t i = 0; i < accounts->count; i++) {
        if (!accounts->settings[i].interval_is_set) {
            accounts->settings[i].interval_ms = (struct maybe_int){0};
        }
    }
    struct fetch_result *results = calloc(accounts->count, sizeof *results);
    struct recorder *recorder = results != NULL ? recorder_new(&cli->database, true, error) : NULL;
    struct known *known = recorder != NULL ? known_new(&cli->database, error) : NULL;
    bool done = known != NULL || (results == NULL && error_no_memory(error));
    if (done) {
        done = fetch_all(accounts->settings, accounts->count, recorder, known, results, error) &&
               print_results(cli, accounts, results, error);
    }
    for (size_t i = 0; results != NULL && i < accounts->count; i++) {
        fetch_result_free(&results[i]);
    }
    known_free(known);
    recorder_free(recorder);
    free(results);
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    return accounts_use(cli, fetch, error);
}

const struct command COMMAND_FETCH = {
    .name = "fetch",
    .arguments = "",
    .summary = "ask for each account once and record the answers",
    .options = {OPTION(account)},
    .run = run,
};
