#include "cli/accounts.h"
#include "cli/progress.h"
#include "service/backfill.h"

struct watch {
    const struct cli *cli;
    struct progress progress;
    const char *account;
    bool waiting_said;
};

static void on_progress(void *context, const struct backfill_progress *now)
{
    struct watch *watch = context;
    watch->progress.what = now->what != NULL ? now->what : "";
    progress_watch(&watch->progress, now->done, now->total);
    if (now->is_waiting && !watch->waiting_said && !watch->progress.on) {
        cli_say(watch->cli, "account %s: %s%s", watch->account,
                now->trouble != NULL ? "asking again: " : "waiting for the exchange's weight limit",
                now->trouble != NULL ? now->trouble : "");
    }
    watch->waiting_said = now->is_waiting;
}

static bool backfill(struct cli *cli, struct accounts *accounts, struct error *error)
{
    struct recorder *recorder = recorder_new(&cli->database, true, error);
    struct known *known = recorder != NULL ? known_new(&cli->database, error) : NULL;
    bool done = known != NULL;
    int64_t from_ms = cli->options.from_ms.known ? cli->options.from_ms.value : 0;
    for (size_t i = 0; i < accounts->count && done; i++) {
        struct watch watch = {.cli = cli, .account = accounts->settings[i].account};
        const struct backfill_job job = {
            .settings = &accounts->settings[i],
            .from_ms = from_ms,
            .recorder = recorder,
            .known = known,
            .watch = {&watch, on_progress},
        };
        struct backfill_result result;
        progress_begin(&watch.progress, "income", 0, cli->options.quiet);
        done = backfill_account(&job, &result, error) ||
               error_context(error, "account %s", watch.account);
        progress_end(&watch.progress);
        cli_say(cli,
                "account %s: %lld rows of income and %lld trades that were not known; %lld "
                "requests, %lld answers recorded before",
                watch.account, (long long)result.income, (long long)result.trades,
                (long long)result.requests, (long long)result.repeated);
        if (result.cut_off > 0) {
            cli_say(cli,
                    "account %s: warning: the exchange shows not all income of %lld milliseconds "
                    "(posrec report reconcile names them)",
                    watch.account, (long long)result.cut_off);
        }
    }
    known_free(known);
    recorder_free(recorder);
    return done || error_context(error, "backfill");
}

static bool run(struct cli *cli, struct error *error)
{
    if (cli->options.from_ms.known && cli->options.from_ms.value > cli->now_ms) {
        return error_set(error, ERROR_USAGE, "backfill: --from lies in the future");
    }
    return accounts_use(cli, backfill, error);
}

const struct command COMMAND_BACKFILL = {
    .name = "backfill",
    .arguments = "",
    .summary = "record income and trades of the time before",
    .options = {OPTION(from_ms), OPTION(account)},
    .run = run,
};
