#include "base/time_text.h"
#include "cli/cli.h"
#include "report/recorded.h"

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    int64_t rows = 0;
    (void)exit_code;
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    /* Without --at: the last there is, even if the exchange's clock is ahead of this one. */
    int64_t at_ms = cli->options.at_ms.known ? cli->options.at_ms.value : TIME_MS_MAX;
    const struct report_parameter parameters[] = {
        {.name = ":at_ms", .number = maybe_of(at_ms)},
        {.name = ":account", .text = cli->options.account},
        {.name = ":all", .number = maybe_of(cli->options.all)},
        {0},
    };
    bool done = database_freeze(&database, error) &&
                recorded_account_check(&database, cli->options.account, error) &&
                cli_report(cli, &database, "positions", parameters, &rows, error);
    if (done && rows == 0) {
        const struct report_filter filter = {
            .account = cli->options.account, .to_ms = maybe_of(at_ms), .all = cli->options.all};
        done = cli_say_nothing(cli, &database, "positions", &filter, error);
    }
    database_close(&database);
    return done;
}

const struct command COMMAND_POSITIONS = {
    .name = "positions",
    .arguments = "",
    .summary = "show open positions, now or as they stood at a time",
    .help = "Of each leg its last known state and valuation at or before the time.\n\n"
            "Examples:\n"
            "  posrec positions\n"
            "  posrec positions --at 2026-11-24T14:03:10Z --all\n"
            "  posrec positions --at -24h --format json\n",
    .options = {OPTION_AT, OPTION_ALL, OPTION_ACCOUNT, OPTION_FORMAT, OPTION_OUTPUT, OPTION_NONE},
    .run = run,
};
