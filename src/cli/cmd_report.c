#include <string.h>

#include "cli/cli.h"

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    const struct options *options = &cli->options;
    struct database database;
    int64_t rows = 0;
    (void)exit_code;
    if (strcmp(cli->arguments[0], "coverage") != 0) {
        return error_set(error, ERROR_USAGE, "report %s: there is no such report (coverage is one)",
                         cli->arguments[0]);
    }
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    const struct report_parameter parameters[] = {
        {.name = ":account", .text = options->account},
        {.name = ":from_ms", .number = options->from_ms},
        {.name = ":to_ms", .number = options->to_ms},
        {0},
    };
    bool done = cli_report(cli, &database, cli->arguments[0], parameters, &rows, error);
    if (done && rows == 0 && options->format == FORMAT_TABLE) {
        cli_say(cli, "No poll is in this range.");
    }
    database_close(&database);
    return done;
}

const struct command COMMAND_REPORT = {
    .name = "report",
    .arguments = "coverage",
    .summary = "answer a common question about the history",
    .help = "coverage: for each account and UTC day, how many polls were expected, good and "
            "failed, and\n"
            "how large the holes were.\n\n"
            "Examples:\n"
            "  posrec report coverage --from 2026-11-01\n"
            "  posrec report coverage --account main --format csv --output coverage.csv\n",
    .options = {OPTION_FROM, OPTION_TO, OPTION_ACCOUNT, OPTION_FORMAT, OPTION_OUTPUT, OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
