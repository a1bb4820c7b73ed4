#include "base/time_text.h"
#include "cli/cli.h"
#include "report/recorded.h"
#include "store/prove.h"

/* The capture that is asked for: by its number, or by what it shows. */
static bool find_capture(const struct cli *cli, int64_t *capture_id, struct error *error)
{
    const struct options *options = &cli->options;
    const struct report_question question = cli_question(cli);
    char time[TIME_TEXT_SIZE];
    if (cli->argument_count == 1) {
        return options_read_number(cli->arguments[0], capture_id) ||
               error_set(error, ERROR_USAGE, "capture '%s': not the number of a capture",
                         cli->arguments[0]);
    }
    if (!recorded_check_account(&question, error) ||
        !prove_find_poll(&cli->database, span_of(options->account), options->at_ms.value,
                         capture_id, error)) {
        return false;
    }
    time_text_format(options->at_ms.value, time);
    return *capture_id > 0 || error_set(error, ERROR_FAILED,
                                        "no poll of %s was answered by %s (the view capture_log "
                                        "lists what there is)",
                                        options->account, time);
}

static bool write_proof(struct cli *cli, const struct proof *proof, struct error *error)
{
    struct sha256 *sha256 = sha256_new(error);
    struct text file = {0};
    bool done = sha256 != NULL && proof_write(proof, sha256, &file, error) &&
                cli_open_output(cli, error) &&
                (fwrite(text_string(&file), 1, file.size, cli->out) == file.size ||
                 error_set_output(error, cli->out, cli->options.output));
    sha256_free(sha256);
    text_free(&file);
    return cli_close_output(cli, done, error);
}

static void say(const struct cli *cli, const struct proof *proof,
                const struct canonical_reading *said)
{
    char time[TIME_TEXT_SIZE], root[SHA256_HEX_SIZE];
    time_text_format(said->capture.received_ms, time);
    sha256_hex(&proof->root, root);
    cli_say(cli, "capture %lld: %s of %s, received %s; under the root of %lld captures, %s%s",
            (long long)said->capture_id, endpoint_name(said->capture.endpoint),
            text_string(&said->capture.account), time, (long long)proof->count, root,
            !proof->is_stamped             ? ""
            : cli->options.ca_file != NULL ? ", which is sealed"
                                           : ", which has a timestamp, not verified (--ca FILE)");
}

static bool prove(struct cli *cli, const struct timestamp_trust *trust, struct error *error)
{
    const struct maybe_int *count = &cli->options.tree_count;
    struct canonical_reading said = {0};
    struct proof proof = {0};
    int64_t capture_id;
    bool done = cli_open_database(cli, DATABASE_READ, error) &&
                database_freeze(&cli->database, error) && find_capture(cli, &capture_id, error) &&
                prove_capture(&cli->database, capture_id, count->known ? count->value : 0, trust,
                              &proof, &said, error) &&
                write_proof(cli, &proof, error);
    if (done) {
        say(cli, &proof, &said);
    }
    canonical_reading_free(&said);
    proof_free(&proof);
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    const struct options *options = &cli->options;
    struct timestamp_trust *trust = NULL;
    bool by_time = options->at_ms.known && options->account != NULL;
    if (by_time == (cli->argument_count == 1) || by_time != options->at_ms.known ||
        by_time != (options->account != NULL)) {
        return error_set(error, ERROR_USAGE,
                         "prove: either the number of a capture, or --at and --account");
    }
    if (options->ca_file != NULL) {
        trust = timestamp_trust_new(options->ca_file, error);
        if (trust == NULL) {
            return error_context(error, "--ca");
        }
    }
    bool done = prove(cli, trust, error);
    timestamp_trust_free(trust);
    return done;
}

const struct command COMMAND_PROVE = {
    .name = "prove",
    .arguments = "[CAPTURE]",
    .summary = "write a file that proves one response to others",
    .options = {OPTION(at_ms), OPTION(account), OPTION(tree_count), OPTION(ca_file),
                OPTION(output)},
    .arguments_max = 1,
    .run = run,
};
