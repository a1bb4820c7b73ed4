#include "cli/cli.h"
#include "model/capture_line.h"
#include "report/recorded.h"
#include "store/evidence/capture_reader.h"

struct export
{
    FILE *out;
    struct text line;
    int64_t count;
};

static bool write_capture(void *context, const struct stored_capture *stored, struct error *error)
{
    struct export *export = context;
    text_clear(&export->line);
    capture_line_append(&export->line, &stored->capture);
    if (export->line.failed) {
        return error_no_memory(error);
    }
    if (fwrite(text_string(&export->line), 1, export->line.size, export->out) !=
        export->line.size) {
        return error_set_output(error, export->out, NULL);
    }
    export->count++;
    return true;
}

static bool export_to(struct cli *cli, struct capture_reader *reader, struct error *error)
{
    const struct options *options = &cli->options;
    struct capture_range range = {
        .from_ms = options->from_ms.known ? options->from_ms.value : INT64_MIN,
        .to_ms = options->to_ms.known ? options->to_ms.value : INT64_MAX,
        .account = span_of(options->account != NULL ? options->account : ""),
    };
    if (!cli_open_output(cli, error)) {
        return false;
    }
    struct export export = {.out = cli->out};
    bool done = capture_reader_visit(reader, &range, write_capture, &export, error) &&
                (fflush(cli->out) == 0 || error_set_output(error, cli->out, NULL));
    done = cli_close_output(cli, done, error);
    text_free(&export.line);
    if (done && export.count == 0) {
        cli_say(cli, "No capture is in this range.");
    }
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    const struct report_question question = cli_question(cli);
    if (!cli_open_database(cli, DATABASE_READ, error)) {
        return false;
    }
    struct capture_reader *reader = capture_reader_new(&cli->database, error);
    bool done =
        reader != NULL && recorded_check_account(&question, error) && export_to(cli, reader, error);
    capture_reader_free(reader);
    return done;
}

const struct command COMMAND_EXPORT = {
    .name = "export",
    .arguments = "",
    .summary = "write recorded responses as NDJSON, the inverse of import",
    .options = {OPTION(from_ms), OPTION(to_ms), OPTION(day), OPTION(month), OPTION(account),
                OPTION(output)},
    .run = run,
};
