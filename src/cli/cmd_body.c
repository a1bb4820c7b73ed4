#include "base/decimal.h"
#include "cli/cli.h"
#include "store/capture_reader.h"

static bool write_body(const struct cli *cli, const struct text *body, struct error *error)
{
    FILE *out;
    if (!cli_open_output(cli, &out, error)) {
        return false;
    }
    bool done = fwrite(text_string(body), 1, body->size, out) == body->size;
    return cli_close_output(cli, out, true, error) && done;
}

static bool read_stored(struct capture_reader *reader, int64_t capture_id,
                        struct stored_capture *stored, struct error *error)
{
    enum step step = capture_reader_get_proven(reader, capture_id, stored, error);
    if (step == STEP_DONE) {
        return error_set(error, ERROR_FAILED,
                         "capture %lld: there is none (the view capture_log lists them)",
                         (long long)capture_id);
    }
    if (step == STEP_FAILED) {
        return false;
    }
    return stored->payload_id.known ||
           error_set(error, ERROR_FAILED, "capture %lld: no body was received: %s: %s",
                     (long long)stored->capture_id, outcome_name(stored->capture.outcome),
                     text_string(&stored->capture.detail));
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    struct stored_capture stored = {0};
    int64_t capture_id;
    bool rounded = false;
    (void)exit_code;
    if (decimal_parse(span_of(cli->arguments[0]), 0, &capture_id, &rounded) != DECIMAL_OK ||
        rounded || capture_id < 1) {
        return error_set(error, ERROR_USAGE, "capture '%s': not the number of a capture",
                         cli->arguments[0]);
    }
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    struct capture_reader *reader = capture_reader_new(&database, error);
    bool done = reader != NULL && read_stored(reader, capture_id, &stored, error) &&
                write_body(cli, &stored.capture.body, error);
    capture_reader_free(reader);
    stored_capture_free(&stored);
    database_close(&database);
    return done;
}

const struct command COMMAND_BODY = {
    .name = "body",
    .arguments = "CAPTURE",
    .summary = "write the exact bytes of one response",
    .help = "CAPTURE is a capture number (capture_id in the tables and in the view capture_log). "
            "The bytes are\n"
            "checked against their SHA-256 before they are written.\n\n"
            "Examples:\n"
            "  posrec body 1\n"
            "  posrec body 1 | jq '.[] | select(.positionAmt != \"0\")'\n",
    .options = {OPTION_OUTPUT, OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
