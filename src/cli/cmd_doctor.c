#include <stdlib.h>

#include "ask/ask.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "exchange/limits.h"
#include "host/descriptors.h"
#include "host/disk.h"
#include "host/run_lock.h"
#include "service/descriptor_need.h"
#include "service/probe.h"
#include "store/migrate.h"
#include "store/schema_check.h"

#define DISK_LEFT_MIN (INT64_C(1) << 30)
#define CLOCK_OFFSET_MS_MAX 1000

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

static void say(struct cli *cli, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct cli *cli, enum verdict verdict, const char *format, ...)
{
    static const char *const WORDS[] = {"ok  ", "warn", "fail"};
    if (verdict == VERDICT_FAIL) {
        cli->exit_code = EXIT_FAILED;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%s  ", WORDS[verdict]);
    cli_vprint(stdout, format, arguments);
    va_end(arguments);
}

static void check_disk(struct cli *cli, const char *path)
{
    int64_t used, left;
    struct error error;
    if (!disk_usage(path, &used, &left, &error)) {
        say(cli, VERDICT_FAIL, "disk: %s", error.text);
    } else if (left < DISK_LEFT_MIN) {
        say(cli, VERDICT_WARN, "disk: only %lld MiB left for %s (free some space)",
            (long long)(left >> 20), path);
    } else {
        say(cli, VERDICT_OK, "disk: %lld MiB left", (long long)(left >> 20));
    }
}

static bool check_schema(const struct database *database, struct error *error)
{
    struct text view = {0};
    bool good = migrate_check_recorded(database, error) && migrate_check(database, error) &&
                schema_check(database, &view, error) &&
                (view.size == 0 || error_set(error, ERROR_FAILED, "%s", text_string(&view)));
    text_free(&view);
    return good;
}

static void check_database(struct cli *cli)
{
    struct error error;
    const char *path;
    if (!cli_database_path(cli, &path, &error)) {
        say(cli, VERDICT_FAIL, "database: %s", error.text);
        return;
    }
    if (!database_open(path, DATABASE_READ, &cli->database, &error)) {
        say(cli, VERDICT_WARN, "database: %s", error.text);
        return;
    }
    if (check_schema(&cli->database, &error)) {
        say(cli, VERDICT_OK, "database: %s, schema version %d%s", path, migrate_latest(),
            run_lock_is_held(path) ? ", 'posrec run' is recording" : "");
    } else {
        say(cli, VERDICT_FAIL, "database: %s", error.text);
    }
    check_disk(cli, path);
}

static void check_clock(struct cli *cli, const char *name, const struct probe_result *result)
{
    if (!result->clock_offset_ms.known) {
        say(cli, VERDICT_WARN, "account %s: the exchange's time could not be had", name);
        return;
    }
    long long offset_ms = result->clock_offset_ms.value;
    if (llabs(offset_ms) > CLOCK_OFFSET_MS_MAX) {
        say(cli, VERDICT_WARN,
            "account %s: this machine's clock is off by %lld ms (posrec corrects it; set up NTP)",
            name, -offset_ms);
    } else {
        say(cli, VERDICT_OK, "account %s: clock within %lld ms of the exchange's", name,
            llabs(offset_ms));
    }
}

static const char *advice(const struct probe_result *result)
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
        return result->is_refused ? endpoint_refusal_advice(&result->capture)
                                  : "see the exchange's message";
    }
}

static void check_account(struct cli *cli, const struct account_settings *settings)
{
    struct probe_result result;
    struct error error;
    const char *name = settings->account;
    if (!probe_endpoint(settings, ENDPOINT_POSITION_RISK, &result, &error)) {
        say(cli, VERDICT_FAIL, "account %s: %s", name, error.text);
        probe_result_free(&result);
        return;
    }
    check_clock(cli, name, &result);
    const struct capture *capture = &result.capture;
    if (capture->outcome == OUTCOME_OK && !endpoint_is_outage(capture)) {
        say(cli, VERDICT_OK, "account %s: a signed call with its %s key was answered", name,
            signer_kind(settings->exchange.credentials->signer));
    } else {
        say(cli, VERDICT_FAIL, "account %s: %s: %s (%s)", name, outcome_name(capture->outcome),
            text_string(&capture->detail), advice(&result));
    }
    probe_result_free(&result);
}

/* One call to each other endpoint that is recorded: a key may read some and not others. */
static void check_money(struct cli *cli, const struct account_settings *settings)
{
    const enum endpoint asked[] = {ENDPOINT_ACCOUNT, ENDPOINT_INCOME, ENDPOINT_USER_TRADES,
                                   ENDPOINT_SYMBOL_CONFIG, settings->exchange.product->prices};
    struct text answered = {0};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *name = endpoint_name(asked[i]);
        struct probe_result result;
        struct error error;
        if (!settings->records[asked[i]]) {
            continue;
        }
        if (!probe_endpoint(settings, asked[i], &result, &error)) {
            say(cli, VERDICT_FAIL, "account %s: %s: %s", settings->account, name, error.text);
        } else if (result.capture.outcome == OUTCOME_OK) {
            text_printf(&answered, "%s%s", answered.size > 0 ? " and " : "", name);
        } else {
            say(cli, VERDICT_FAIL, "account %s: %s: %s: %s (%s; record chooses what is asked)",
                settings->account, name, outcome_name(result.capture.outcome),
                text_string(&result.capture.detail), advice(&result));
        }
        probe_result_free(&result);
    }
    if (answered.size > 0) {
        say(cli, VERDICT_OK, "account %s: %s are answered", settings->account,
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
        say(cli, VERDICT_WARN,
            "account %s: its stream is not recorded: no stream_url is known for its base_url (set "
            "it, or record = positions)",
            name);
    }
    if (settings->stream_url == NULL) {
        return;
    }
    if (!probe_stream(settings, &capture, &error)) {
        say(cli, VERDICT_FAIL, "account %s: stream: %s", name, error.text);
    } else if (capture.outcome == OUTCOME_OPENED) {
        say(cli, VERDICT_OK, "account %s: the user data stream was opened", name);
    } else {
        say(cli, VERDICT_FAIL, "account %s: stream: %s: %s (%s)", name,
            outcome_name(capture.outcome), text_string(&capture.detail),
            endpoint_is_refused(&capture)
                ? endpoint_refusal_advice(&capture)
                : "check stream_url, firewall and proxy; polls go on without it");
    }
    capture_free(&capture);
}

/* Prices are asked for once for all accounts of a host: of one pair at least. */
static void add_prices(const struct accounts *accounts, size_t number, struct limits_demand *demand)
{
    const struct account_settings *settings = &accounts->settings[number];
    bool is_first = account_records_prices(settings);
    for (size_t i = 0; i < number && is_first; i++) {
        const struct account_settings *other = &accounts->settings[i];
        is_first = !account_records_prices(other) || !same_host(other, settings);
    }
    if (is_first) {
        limits_demand_add_fixed(
            demand, endpoint_weight(&settings->exchange, settings->exchange.product->prices),
            settings->account_interval_ms);
    }
}

static void check_budget(struct cli *cli, const struct accounts *accounts)
{
    struct limits_demand demand = {0};
    struct limits limits = limits_start(accounts->settings[0].weight_share_percent);
    int64_t budget = limits_budget(&limits);
    for (size_t i = 0; i < accounts->count; i++) {
        ask_add_demand(&accounts->settings[i], &demand);
        add_prices(accounts, i, &demand);
    }
    int64_t fitting_ms = limits_fitting_interval_ms(&limits, &demand);
    if (demand.weight > (double)budget && fitting_ms == 0) {
        say(cli, VERDICT_WARN,
            "weight: %.0f a minute, the exchange allows about %lld (record less, or from more "
            "addresses)",
            demand.weight, (long long)budget);
    } else if (demand.weight > (double)budget) {
        say(cli, VERDICT_WARN,
            "weight: %.0f a minute, the exchange allows about %lld (an interval of %lld ms fits)",
            demand.weight, (long long)budget, (long long)fitting_ms);
    } else {
        say(cli, VERDICT_OK, "weight: %.0f a minute of about %lld", demand.weight,
            (long long)budget);
    }
}

static void check_descriptors(struct cli *cli, const struct accounts *accounts)
{
    struct descriptor_need need = descriptor_need_of(accounts->settings, accounts->count);
    long long needed = need.streams + need.others;
    long long allowed = descriptors_raise();
    if (allowed < needed) {
        say(cli, VERDICT_WARN,
            "descriptors: it takes %lld, and %lld are allowed (raise LimitNOFILE of the unit, or "
            "ulimit -n; until then some streams are not recorded)",
            needed, allowed);
    } else {
        say(cli, VERDICT_OK, "descriptors: it takes %lld of those that are allowed", needed);
    }
}

static void check_accounts(struct cli *cli)
{
    struct accounts accounts;
    struct error error;
    if (!accounts_load(&cli->config, cli->options.account, &accounts, &error)) {
        say(cli, VERDICT_FAIL, "keys: %s", error.text);
        return;
    }
    say(cli, VERDICT_OK, "keys: readable by their owner only, %zu account%s", accounts.count,
        accounts.count == 1 ? "" : "s");
    check_budget(cli, &accounts);
    check_descriptors(cli, &accounts);
    for (size_t i = 0; i < accounts.count; i++) {
        check_account(cli, &accounts.settings[i]);
        check_money(cli, &accounts.settings[i]);
        check_stream(cli, &accounts.settings[i]);
    }
    accounts_free(&accounts);
}

static bool run(struct cli *cli, struct error *error)
{
    struct error why;
    if (!config_load(cli->options.config, &cli->config, &why)) {
        say(cli, VERDICT_FAIL, "config: %s", why.text);
        return true;
    }
    if (!accounts_check_name(&cli->config, cli->options.account, error)) {
        return error_context(error, "doctor");
    }
    if (cli->config.path == NULL) {
        say(cli, VERDICT_WARN, "config: no file found (posrec help fetch tells where it looks)");
    } else {
        say(cli, VERDICT_OK, "config: %s", cli->config.path);
    }
    check_database(cli);
    check_accounts(cli);
    return true;
}

const struct command COMMAND_DOCTOR = {
    .name = "doctor",
    .arguments = "",
    .summary = "check configuration, keys, database, disk, clock and exchange",
    .options = {OPTION(account)},
    .run = run,
};
