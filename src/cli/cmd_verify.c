#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/time_text.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "service/metrics.h"
#include "store/verify.h"

/* Reads 64 hex digits. */
static bool parse_head(const char *text, struct sha256_digest *head, struct error *error)
{
    static const struct sha256_digest NONE;
    bool good = strlen(text) == 2 * SHA256_SIZE;
    for (size_t i = 0; i < SHA256_SIZE && good; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        good = isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]);
        head->bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    if (!good) {
        return error_set(error, ERROR_USAGE, "--head '%s': not 64 hex digits", text);
    }
    return !sha256_equal(head, &NONE) ||
           error_set(error, ERROR_USAGE,
                     "--head of zeros stands before the first capture and proves nothing");
}

static bool parse_from(const char *text, int64_t *capture_id, struct error *error)
{
    bool rounded = false;
    return (decimal_parse(span_of(text), 0, capture_id, &rounded) == DECIMAL_OK && !rounded &&
            *capture_id >= 1) ||
           error_set(error, ERROR_USAGE, "--from '%s': not the number of a capture", text);
}

static void print_json(const struct verify_report *report, FILE *out)
{
    struct text text = {0};
    char hex[SHA256_HEX_SIZE];
    bool sound = report->kind == VERIFY_SOUND;
    sha256_hex(&report->head, hex);
    text_printf(&text,
                "{\"sound\":%s,\"evidence_sound\":%s,\"captures\":%lld,\"payloads\":%lld,"
                "\"positions\":%lld,"
                "\"valuations\":%lld,\"last_capture\":%lld,\"head\":\"%s\"",
                sound ? "true" : "false", report->evidence_sound ? "true" : "false",
                (long long)report->captures, (long long)report->payloads,
                (long long)report->positions, (long long)report->valuations,
                (long long)report->last_capture_id, hex);
    if (!sound) {
        text_printf(&text, ",\"kind\":\"%s\",\"what\":", verify_kind_name(report->kind));
        text_append_json(&text, span_of(report->what));
    }
    if (report->capture_id.known) {
        text_printf(&text, ",\"capture\":%lld", (long long)report->capture_id.value);
    }
    if (report->time_ms.known) {
        text_printf(&text, ",\"time_ms\":%lld", (long long)report->time_ms.value);
    }
    fprintf(out, "%s}\n", text_string(&text));
    text_free(&text);
}

static void print_words(const struct cli *cli, const struct database *database,
                        const struct verify_report *report)
{
    char hex[SHA256_HEX_SIZE], time[TIME_TEXT_SIZE];
    if (report->evidence_sound) {
        sha256_hex(&report->head, hex);
        printf("%s\n", hex);
    }
    if (report->kind == VERIFY_SOUND) {
        cli_say(
            cli,
            "%s: sound: %lld captures, %lld payloads, %lld positions, %lld valuations; the head "
            "after capture %lld is above",
            database->path, (long long)report->captures, (long long)report->payloads,
            (long long)report->positions, (long long)report->valuations,
            (long long)report->last_capture_id);
        return;
    }
    char where[TIME_TEXT_SIZE + 64] = "";
    if (report->time_ms.known) {
        time_text_format(report->time_ms.value, time);
        snprintf(where, sizeof where, "capture %lld (%s): ", (long long)report->capture_id.value,
                 time);
    } else if (report->capture_id.known) {
        snprintf(where, sizeof where, "capture %lld: ", (long long)report->capture_id.value);
    }
    cli_print(stderr, "posrec: verify: %s: %s%s: %s", database->path, where,
              verify_kind_name(report->kind), report->what);
}

static bool check_options(const struct options *options, struct verify_settings *settings,
                          struct sha256_digest *head, struct error *error)
{
    if (options->format != FORMAT_TABLE && options->format != FORMAT_JSON) {
        return error_set(error, ERROR_USAGE, "verify speaks in words or in json");
    }
    if (options->head != NULL) {
        settings->head = head;
        if (!parse_head(options->head, head, error)) {
            return false;
        }
    }
    return options->from_capture == NULL ||
           parse_from(options->from_capture, &settings->from_capture_id, error);
}

static bool verify(struct cli *cli, struct verify_settings *settings, struct verify_report *report,
                   struct error *error)
{
    struct database database;
    struct progress progress;
    if (!cli_open_evidence(cli, &database, error)) {
        return false;
    }
    settings->context = &progress;
    settings->on_progress = progress_watch;
    progress_begin(&progress, "verify", 0, cli->options.quiet);
    bool done = verify_database(&database, settings, report, error);
    progress_end(&progress);
    if (done && cli->options.format == FORMAT_JSON) {
        print_json(report, stdout);
    } else if (done) {
        print_words(cli, &database, report);
    }
    database_close(&database);
    return done;
}

/* What cannot be carried through has not proved anything: that is no sound database either. */
static bool write_metrics(const struct cli *cli, const struct verify_report *report, bool done,
                          int64_t started_ms, struct error *error)
{
    const struct verify_metrics metrics = {
        .sound = done && report->kind == VERIFY_SOUND,
        .captures = report->captures,
        .ended_ms = clock_real_ms(),
        .took_ms = clock_monotonic_ms() - started_ms,
    };
    const char *path = cli->config.verify_metrics_file;
    return path == NULL || metrics_write_verify(&metrics, path, error);
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct verify_report report = {0};
    struct sha256_digest head;
    struct verify_settings settings = {.from_capture_id = 1};
    struct error unwritten;
    if (!check_options(&cli->options, &settings, &head, error)) {
        return false;
    }
    int64_t started_ms = clock_monotonic_ms();
    bool done = verify(cli, &settings, &report, error);
    *exit_code = report.kind == VERIFY_SOUND ? EXIT_DONE : EXIT_FAILED;
    if (!write_metrics(cli, &report, done, started_ms, &unwritten) && done) {
        *error = unwritten;
        done = false;
    }
    return done;
}

const struct command COMMAND_VERIFY = {
    .name = "verify",
    .arguments = "",
    .summary = "prove that nothing was lost, invented or changed",
    .help =
        "Checks the file and its foreign keys, the schema, every link of the chain, every body's\n"
        "SHA-256, and that the rows derived again from the bytes are the rows stored. Prints the\n"
        "chain's head and ends with 0, or names the first thing wrong and ends with 1. A view "
        "that\n"
        "is not as this posrec makes it ends with 1 too, after all else was checked: when that is\n"
        "sound it says so and prints the head. 'posrec migrate' renews views.\n\n"
        "Note the head somewhere else, on paper or in another system: --head then proves that the\n"
        "history up to it is still there. --from takes the captures before it as given.\n\n"
        "Examples:\n"
        "  posrec verify\n"
        "  posrec verify --head 3f9a...\n"
        "  posrec verify --from 100000 --format json\n",
    .options = {OPTION_FROM_CAPTURE, OPTION_HEAD, OPTION_FORMAT, OPTION_NONE},
    .run = run,
};
