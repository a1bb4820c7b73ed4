#include "base/decimal.h"
#include "cli/cli.h"
#include "store/poll_reader.h"

static bool write_body(const struct cli *cli, const struct text *body, struct error *error)
{
    FILE *out;
    if (!cli_open_output(cli, &out, error)) {
        return false;
    }
    bool done = fwrite(text_string(body), 1, body->size, out) == body->size;
    return cli_close_output(cli, out, true, error) && done;
}

static bool read_poll(struct poll_reader *reader, int64_t poll_id, struct stored_poll *poll,
                      struct error *error)
{
    bool intact;
    enum step step = poll_reader_get(reader, poll_id, poll, error);
    if (step == STEP_DONE) {
        return error_set(error, ERROR_FAILED,
                         "poll %lld: there is none (the view poll_log lists them)",
                         (long long)poll_id);
    }
    if (step == STEP_FAILED) {
        return false;
    }
    if (!poll->payload_id.known) {
        return error_set(error, ERROR_FAILED, "poll %lld: no body was received: %s: %s",
                         (long long)poll->poll_id, outcome_name(poll->capture.outcome),
                         text_string(&poll->capture.detail));
    }
    if (!poll_reader_check_body(reader, poll, &intact, error)) {
        return false;
    }
    return intact || error_set(error, ERROR_FAILED,
                               "poll %lld: the body is not what was received (run 'posrec verify')",
                               (long long)poll->poll_id);
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    struct stored_poll poll = {0};
    int64_t poll_id;
    bool rounded = false;
    (void)exit_code;
    if (decimal_parse(span_of(cli->arguments[0]), 0, &poll_id, &rounded) != DECIMAL_OK || rounded ||
        poll_id < 1) {
        return error_set(error, ERROR_USAGE, "poll '%s': not a poll's number", cli->arguments[0]);
    }
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    struct poll_reader *reader = poll_reader_new(&database, error);
    bool done = reader != NULL && read_poll(reader, poll_id, &poll, error) &&
                write_body(cli, &poll.capture.body, error);
    poll_reader_free(reader);
    stored_poll_free(&poll);
    database_close(&database);
    return done;
}

const struct command COMMAND_BODY = {
    .name = "body",
    .arguments = "POLL",
    .summary = "write the exact bytes of one response",
    .help =
        "POLL is a poll's number (poll_id in the tables and in the view poll_log). The bytes are\n"
        "checked against their SHA-256 before they are written.\n\n"
        "Examples:\n"
        "  posrec body 1\n"
        "  posrec body 1 | jq '.[] | select(.positionAmt != \"0\")'\n",
    .options = {OPTION_OUTPUT, OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
