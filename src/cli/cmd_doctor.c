#include "ask/ask.h"
#include "cli/account_check.h"
#include "cli/accounts.h"
#include "cli/verdict.h"
#include "exchange/limits.h"
#include "host/descriptors.h"
#include "host/disk.h"
#include "host/run_lock.h"
#include "service/descriptor_need.h"
#include "store/migrate.h"
#include "store/schema_check.h"

#define DISK_LEFT_MIN (INT64_C(1) << 30)

static void check_disk(struct cli *cli, const char *path)
{
    int64_t used, left;
    struct error error;
    if (!disk_usage(path, &used, &left, &error)) {
        verdict_say(cli, VERDICT_FAIL, "disk: %s", error.text);
    } else if (left < DISK_LEFT_MIN) {
        verdict_say(cli, VERDICT_WARN, "disk: only %lld MiB left for %s (free some space)",
                    (long long)(left >> 20), path);
    } else {
        verdict_say(cli, VERDICT_OK, "disk: %lld MiB left", (long long)(left >> 20));
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
        verdict_say(cli, VERDICT_FAIL, "database: %s", error.text);
        return;
    }
    if (!database_open(path, DATABASE_READ, &cli->database, &error)) {
        verdict_say(cli, VERDICT_WARN, "database: %s", error.text);
        return;
    }
    if (check_schema(&cli->database, &error)) {
        verdict_say(cli, VERDICT_OK, "database: %s, schema version %d%s", path, migrate_latest(),
                    run_lock_is_held(path) ? ", 'posrec run' is recording" : "");
    } else {
        verdict_say(cli, VERDICT_FAIL, "database: %s", error.text);
    }
    check_disk(cli, path);
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

/* The account that was asked before it by the same way out; itself where there is none. */
static size_t first_of_way(const struct accounts *accounts, size_t number)
{
    size_t first = 0;
    while (first < number && !same_way(&accounts->settings[first], &accounts->settings[number])) {
        first++;
    }
    return first;
}

static struct limits_demand demand_of_way(const struct accounts *accounts, size_t first)
{
    struct limits_demand demand = {0};
    for (size_t i = first; i < accounts->count; i++) {
        if (same_way(&accounts->settings[first], &accounts->settings[i])) {
            ask_add_demand(&accounts->settings[i], &demand);
            add_prices(accounts, i, &demand);
        }
    }
    return demand;
}

static struct account_check_weight check_budget(struct cli *cli, const struct accounts *accounts,
                                                size_t number)
{
    struct limits limits = limits_start(accounts->settings[number].weight_share_percent);
    int64_t budget = limits_budget(&limits);
    if (first_of_way(accounts, number) != number) {
        return (struct account_check_weight){.is_told = true};
    }
    struct limits_demand demand = demand_of_way(accounts, number);
    int64_t fitting_ms = limits_fitting_interval_ms(&limits, &demand);
    if (demand.weight > (double)budget && fitting_ms == 0) {
        verdict_say(
            cli, VERDICT_WARN,
            "weight: %.0f a minute, the exchange allows about %lld (record less, or from more "
            "addresses)",
            demand.weight, (long long)budget);
    } else if (demand.weight > (double)budget) {
        verdict_say(
            cli, VERDICT_WARN,
            "weight: %.0f a minute, the exchange allows about %lld (an interval of %lld ms fits)",
            demand.weight, (long long)budget, (long long)fitting_ms);
    } else {
        verdict_say(cli, VERDICT_OK, "weight: %.0f a minute of about %lld", demand.weight,
                    (long long)budget);
    }
    return (struct account_check_weight){.is_running = cli->database.path != NULL &&
                                                       run_lock_is_held(cli->database.path),
                                         .needed = demand.weight,
                                         .budget = budget};
}

static void check_descriptors(struct cli *cli, const struct accounts *accounts)
{
    struct descriptor_need need = descriptor_need_of(accounts->settings, accounts->count);
    long long needed = need.streams + need.others;
    long long allowed = descriptors_raise();
    if (allowed < needed) {
        verdict_say(
            cli, VERDICT_WARN,
            "descriptors: it takes %lld, and %lld are allowed (raise LimitNOFILE of the unit, or "
            "ulimit -n; until then some streams are not recorded)",
            needed, allowed);
    } else {
        verdict_say(cli, VERDICT_OK, "descriptors: it takes %lld of those that are allowed",
                    needed);
    }
}

static void check_accounts(struct cli *cli)
{
    struct accounts accounts;
    struct error error;
    if (!accounts_load(&cli->config, cli->options.account, &accounts, &error)) {
        verdict_say(cli, VERDICT_FAIL, "keys: %s", error.text);
        return;
    }
    verdict_say(cli, VERDICT_OK, "keys: readable by their owner only, %zu account%s",
                accounts.count, accounts.count == 1 ? "" : "s");
    check_descriptors(cli, &accounts);
    for (size_t i = 0; i < accounts.count; i++) {
        struct account_check_weight weight = check_budget(cli, &accounts, i);
        account_check(cli, &accounts.settings[i], &weight);
    }
    accounts_free(&accounts);
}

static bool run(struct cli *cli, struct error *error)
{
    struct error why;
    if (!config_load(cli->options.config, &cli->config, &why)) {
        verdict_say(cli, VERDICT_FAIL, "config: %s", why.text);
        return true;
    }
    if (!accounts_check_name(&cli->config, cli->options.account, error)) {
        return error_context(error, "doctor");
    }
    if (cli->config.path == NULL) {
        verdict_say(cli, VERDICT_WARN,
                    "config: no file found (posrec help fetch tells where it looks)");
    } else {
        verdict_say(cli, VERDICT_OK, "config: %s", cli->config.path);
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
