#include "base/log.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "service/run.h"

/* What one reading of the configuration gave. */
struct setup {
    struct config config;
    struct accounts accounts;
};

static void setup_free(struct setup *setup)
{
    accounts_free(&setup->accounts);
    config_free(&setup->config);
}

static bool setup_load(const struct cli *cli, struct setup *setup, struct error *error)
{
    *setup = (struct setup){0};
    if (!config_load(cli->options.config, &setup->config, error) ||
        !accounts_load(&setup->config, cli->options.account, &setup->accounts, error)) {
        setup_free(setup);
        return false;
    }
    return true;
}

static bool configure(const struct cli *cli, struct run *run, const struct setup *setup,
                      struct error *error)
{
    struct run_settings settings = {
        .accounts = setup->accounts.settings,
        .account_count = setup->accounts.count,
        .metrics_file = setup->config.metrics_file,
        .for_ms = cli->options.for_ms,
        .tick_count = cli->options.tick_count,
    };
    return run_configure(run, &settings, error);
}

static void log_reload(const char *event, enum log_level level, const char *reason)
{
    struct log_line line;
    log_begin(&line, level, event);
    if (reason != NULL) {
        log_text(&line, "reason", reason);
    }
    log_end(&line);
}

/* Reads the configuration again; a broken one is said, and the one before goes on. */
static bool reload(const struct cli *cli, struct run *run, struct setup *setup, struct error *error)
{
    struct setup fresh;
    struct error why;
    if (!setup_load(cli, &fresh, &why)) {
        log_reload("config_not_reloaded", LOG_ERROR, why.text);
        return configure(cli, run, setup, error);
    }
    if (!configure(cli, run, &fresh, error)) {
        setup_free(&fresh);
        return false;
    }
    setup_free(setup);
    *setup = fresh;
    log_reload("config_reloaded", LOG_INFO, NULL);
    return true;
}

static bool serve(const struct cli *cli, const struct database *database, struct setup *setup,
                  struct error *error)
{
    struct run *run = run_new(database, error);
    if (run == NULL) {
        return false;
    }
    enum run_end end = RUN_RELOAD;
    bool done = configure(cli, run, setup, error);
    while (done && end == RUN_RELOAD) {
        done = run_loop(run, &end, error) && (end != RUN_RELOAD || reload(cli, run, setup, error));
    }
    run_free(run);
    return done;
}

static void set_log_level(const struct options *options)
{
    if (!options->quiet) {
        log_set_level(options->verbosity > 0 ? LOG_DEBUG : LOG_INFO);
    }
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct setup setup;
    struct database database;
    (void)exit_code;
    set_log_level(&cli->options);
    if (!setup_load(cli, &setup, error)) {
        return false;
    }
    bool done = cli_open_database(cli, DATABASE_WRITE, &database, error);
    if (done) {
        done = serve(cli, &database, &setup, error) || error_context(error, "run");
        database_close(&database);
    }
    setup_free(&setup);
    return done;
}

const struct command COMMAND_RUN = {
    .name = "run",
    .arguments = "",
    .summary = "poll the accounts on their schedules, until told to stop",
    .help = "The service: the first poll at once, then on multiples of each account's interval. It "
            "waits\n"
            "where the exchange says so, tries again what may pass, and logs one line for each "
            "event on\n"
            "stderr; a poll is logged once it is committed. A second run on the same database is "
            "refused.\n\n"
            "SIGTERM and SIGINT let requests that are out end (5 s at most) and stop; SIGHUP reads "
            "the\n"
            "configuration again. With the package, systemd runs it as posrec.service.\n\n"
            "Examples:\n"
            "  posrec -c /etc/posrec/posrec.ini run\n"
            "  posrec run --for 10m\n",
    .options = {OPTION_FOR, OPTION_COUNT_TICKS, OPTION_ACCOUNT, OPTION_NONE},
    .run = run,
};
