#include "base/time_text.h"
#include "cli/cli.h"
#include "report/recorded.h"

static bool run(struct cli *cli, struct error *error)
{
    struct report_question question = cli_question(cli);
    int64_t rows = 0;
    /* Without --at: the last there is, even if the exchange's clock is ahead of this one. */
    question.to_ms =
        maybe_of((cli->options.at_ms.known ? cli->options.at_ms.value : TIME_MS_MAX) + 1);
    return cli_open_database(cli, DATABASE_READ, error) && database_unmap(&cli->database, error) &&
           database_freeze(&cli->database, error) && recorded_check_account(&question, error) &&
           cli_report(cli, &question, "positions", &rows, error) &&
           (rows > 0 || cli_say_nothing(cli, &question, "positions", error)) &&
           (!cli->options.at_ms.known || cli_say_silence(cli, &question, "positions", error));
}

const struct command COMMAND_POSITIONS = {
    .name = "positions",
    .arguments = "",
    .summary = "show open positions, now or as they stood at a time",
    .options = {OPTION(at_ms), OPTION(all), OPTION(account), OPTION(columns), OPTION(wide),
                OPTION(format), OPTION(output)},
    .run = run,
};
