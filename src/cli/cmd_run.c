#include <malloc.h>

#include "base/log.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/sealing.h"
#include "cli/version.h"
#include "service/run.h"

/* What one reading of the configuration gave. */
struct setup {
    struct config config;
    struct accounts accounts;
    struct sealing sealing; /* where the configuration has a seal_url */
};

static void setup_free(struct setup *setup)
{
    sealing_free(&setup->sealing);
    accounts_free(&setup->accounts);
    config_free(&setup->config);
}

static bool setup_load(const struct cli *cli, struct setup *setup, struct error *error)
{
    *setup = (struct setup){0};
    if (!config_load(cli->options.config, &setup->config, error) ||
        !accounts_load(&setup->config, cli->options.account, &setup->accounts, error) ||
        (setup->config.seal_url != NULL &&
         !sealing_load(&setup->config, &setup->accounts.settings[0], &setup->sealing, error))) {
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
        .backfills = cli->options.backfill,
        .seal = setup->config.seal_url != NULL ? &setup->sealing.settings : NULL,
    };
    return run_configure(run, &settings, error);
}

/* Reads the configuration again; a broken one is said, and the one before goes on. */
static bool reload(const struct cli *cli, struct run *run, struct setup *setup, struct error *error)
{
    struct setup fresh;
    struct error why;
    if (!setup_load(cli, &fresh, &why)) {
        log_event(LOG_ERROR, "config_not_reloaded", LOG_TEXT("reason", why.text));
        return configure(cli, run, setup, error);
    }
    bool done = configure(cli, run, &fresh, error);
    setup_free(setup);
    *setup = fresh; /* what was made of it needs it, even where not all could be made */
    if (done) {
        log_event(LOG_INFO, "config_reloaded", LOG_INT("accounts", (int64_t)fresh.accounts.count));
    }
    return done;
}

static bool serve(const struct cli *cli, struct setup *setup, struct error *error)
{
    struct run *run = run_new(&cli->database, "posrec " POSREC_VERSION, error);
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

#define LARGE_BYTES (32 << 10)

/* What is as large has memory of its own, which goes back to the system with it: hundreds of bodies
 * that come at once leave no holes. */
static void keep_large_apart(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
#endif
}

static bool run(struct cli *cli, struct error *error)
{
    struct setup setup;
    keep_large_apart();
    if (!cli->options.quiet) {
        log_set_level(cli->options.verbosity > 0 ? LOG_DEBUG : LOG_INFO);
    }
    if (!setup_load(cli, &setup, error)) {
        return false;
    }
    bool done = cli_open_database(cli, DATABASE_WRITE, error) &&
                (serve(cli, &setup, error) || error_context(error, "run"));
    setup_free(&setup);
    return done;
}

const struct command COMMAND_RUN = {
    .name = "run",
    .arguments = "",
    .summary = "poll the accounts on their schedules, until told to stop",
    .options = {OPTION(backfill), OPTION(for_ms), OPTION(tick_count), OPTION(account)},
    .run = run,
};
