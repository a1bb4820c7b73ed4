#include "cli/cli.h"
#include "store/evidence/capture_reader.h"

static bool write_body(struct cli *cli, const struct text *body, struct error *error)
{
    bool written = cli_open_output(cli, error) &&
                   fwrite(text_string(body), 1, body->size, cli->out) == body->size;
    return cli_close_output(cli, true, error) && written;
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

static bool run(struct cli *cli, struct error *error)
{
    struct stored_capture stored = {0};
    int64_t capture_id;
    if (!options_read_number(cli->arguments[0], &capture_id)) {
        return error_set(error, ERROR_USAGE, "capture '%s': not the number of a capture",
                         cli->arguments[0]);
    }
    if (!cli_open_database(cli, DATABASE_READ, error)) {
        return false;
    }
    struct capture_reader *reader = capture_reader_new(&cli->database, error);
    bool done = reader != NULL && read_stored(reader, capture_id, &stored, error) &&
                write_body(cli, &stored.capture.body, error);
    capture_reader_free(reader);
    stored_capture_free(&stored);
    return done;
}

const struct command COMMAND_BODY = {
    .name = "body",
    .arguments = "CAPTURE",
    .summary = "write the exact bytes of one response",
    .options = {OPTION(output)},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
