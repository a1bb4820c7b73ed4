#include "base/time_text.h"
#include "cli/cli.h"
#include "host/heap.h"
#include "report/page.h"
#include "report/recorded.h"

static bool check_options(const struct options *options, struct error *error)
{
    return !options->prove || options->format == FORMAT_TABLE || options->format == FORMAT_HTML ||
           error_set(error, ERROR_USAGE,
                     "positions: --prove is for reading (format table or html; the file that "
                     "proves it is posrec prove's)");
}

/* Below the legs, what shows them and how it is proved. */
static bool write_answer(struct cli *cli, const struct report_question *question, int64_t *rows,
                         struct error *error)
{
    struct report_question beside = *question;
    int64_t proofs;
    beside.columns = NULL;
    if (cli->options.prove && cli->options.format == FORMAT_HTML) {
        return page_moment(question, cli->out, rows, error);
    }
    if (!report_run(question, "positions", cli->options.format, cli->out, rows, error)) {
        return false;
    }
    if (!cli->options.prove) {
        return true;
    }
    fputc('\n', cli->out);
    return report_run(&beside, "evidence", cli->options.format, cli->out, &proofs, error);
}

static bool run(struct cli *cli, struct error *error)
{
    heap_take();
    struct report_question question = cli_question(cli);
    int64_t rows = 0;
    /* Without --at: the last there is, even if the exchange's clock is ahead of this one. */
    question.to_ms =
        maybe_of((cli->options.at_ms.known ? cli->options.at_ms.value : TIME_MS_MAX) + 1);
    bool done = check_options(&cli->options, error) &&
                cli_open_database(cli, DATABASE_READ, error) &&
                database_unmap(&cli->database, error) && database_freeze(&cli->database, error) &&
                recorded_check_account(&question, error) && cli_open_output(cli, error) &&
                write_answer(cli, &question, &rows, error);
    return cli_close_output(cli, done, error) &&
           (rows > 0 || cli_say_nothing(cli, &question, "positions", error)) &&
           (!cli->options.at_ms.known || cli_say_silence(cli, &question, "positions", error));
}

const struct command COMMAND_POSITIONS = {
    .name = "positions",
    .arguments = "",
    .summary = "show open positions, now or as they stood at a time",
    .options = {OPTION(at_ms), OPTION(all), OPTION(account), OPTION(prove), OPTION(columns),
                OPTION(wide), OPTION(format), OPTION(output)},
    .run = run,
};
