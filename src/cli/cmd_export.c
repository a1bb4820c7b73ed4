#include "cli/cli.h"
#include "report/export.h"
#include "report/recorded.h"

static bool export_to(struct cli *cli, struct capture_reader *reader, struct error *error)
{
    const struct options *options = &cli->options;
    struct capture_range range = {
        .from_ms = options->from_ms.known ? options->from_ms.value : INT64_MIN,
        .to_ms = options->to_ms.known ? options->to_ms.value : INT64_MAX,
        .account = span_of(options->account != NULL ? options->account : ""),
    };
    FILE *out;
    int64_t count = 0;
    if (!cli_open_output(cli, &out, error)) {
        return false;
    }
    bool done = export_captures(reader, &range, out, &count, error);
    done = cli_close_output(cli, out, done, error);
    if (done && count == 0) {
        cli_say(cli, "No capture is in this range.");
    }
    return done;
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    (void)exit_code;
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    struct capture_reader *reader = capture_reader_new(&database, error);
    bool done = reader != NULL && recorded_account_check(&database, cli->options.account, error) &&
                export_to(cli, reader, error);
    capture_reader_free(reader);
    database_close(&database);
    return done;
}

const struct command COMMAND_EXPORT = {
    .name = "export",
    .arguments = "",
    .summary = "write recorded responses as NDJSON, the inverse of import",
    .help =
        "One line for each capture, in the order in which they were recorded. Importing the lines "
        "of\n"
        "all of them into an empty database gives an equal one, with the same head. Each body is\n"
        "checked against its SHA-256. docs/capture-lines.md describes the fields.\n\n"
        "Examples:\n"
        "  posrec export --output history.ndjson\n"
        "  posrec export --from 2026-11-01 --to 2026-11-24 --account main | zstd > november.zst\n",
    .options = {OPTION_FROM, OPTION_TO, OPTION_ACCOUNT, OPTION_OUTPUT, OPTION_NONE},
    .run = run,
};
