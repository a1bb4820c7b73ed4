#include <string.h>

#include "base/time_text.h"
#include "cli/cli.h"
#include "host/clock.h"
#include "service/metrics.h"

#define NO_HEAD "0000000000000000000000000000000000000000000000000000000000000000"
#define NO_ROOT "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Reads what was noted by an option, which says something of one capture at least. */
static bool parse_noted(const char *option, const char *text, const char *nothing,
                        struct sha256_digest *noted, struct error *error)
{
    return options_read_sha256(option, text, noted, error) &&
           (strcasecmp(text, nothing) != 0 ||
            error_set(error, ERROR_USAGE,
                      "%s of %s stands before the first capture and proves nothing", option,
                      nothing[0] == '0' ? "zeros" : "no captures"));
}

static void print_json(const struct verify_report *report)
{
    struct text what = {0};
    char hex[SHA256_HEX_SIZE], root[SHA256_HEX_SIZE + 2] = "null";
    bool sound = report->kind == VERIFY_SOUND;
    sha256_hex(&report->head, hex);
    if (report->has_root) {
        sha256_hex(&report->root, root + 1);
        root[0] = root[SHA256_HEX_SIZE] = '"';
    }
    printf("{\"sound\":%s,\"evidence_sound\":%s,\"rows_sound\":%s,\"captures\":%lld,"
           "\"payloads\":%lld,\"positions\":%lld,\"valuations\":%lld,\"last_capture\":%lld,"
           "\"head\":\"%s\",\"root\":%s",
           sound ? "true" : "false", report->evidence_sound ? "true" : "false",
           report->rows_sound ? "true" : "false", (long long)report->captures,
           (long long)report->payloads, (long long)report->positions, (long long)report->valuations,
           (long long)report->last_capture_id, hex, root);
    if (report->seals.count > 0) {
        text_append_json(&what, span_of(report->seals.timestamp.authority));
        printf(",\"seals\":%lld,\"sealed_captures\":%lld,\"sealed_ms\":%lld,\"sealed_by\":%s",
               (long long)report->seals.count, (long long)report->seals.sealed,
               (long long)report->seals.timestamp.time_ms, text_string(&what));
        text_clear(&what);
    }
    if (report->read_by_others > 0) {
        text_append_json(&what, span_of(report->read_otherwise));
        printf(",\"read_by_older\":%lld,\"read_otherwise\":%s", (long long)report->read_by_others,
               text_string(&what));
        text_clear(&what);
    }
    if (!sound) {
        text_append_json(&what, span_of(report->what));
        printf(",\"kind\":\"%s\",\"what\":%s", verify_kind_name(report->kind), text_string(&what));
    }
    if (report->capture_id.known) {
        printf(",\"capture\":%lld", (long long)report->capture_id.value);
    }
    if (report->time_ms.known) {
        printf(",\"time_ms\":%lld", (long long)report->time_ms.value);
    }
    fputs("}\n", stdout);
    text_free(&what);
}

/* `from` is the first capture that was checked. */
static void say_seals(const struct cli *cli, const struct seals_report *seals, int64_t from)
{
    char time[TIME_TEXT_SIZE];
    if (seals->count == 0) {
        cli_say(cli, "%s: there are no seals", cli->database.path);
        return;
    }
    if (seals->sealed < from) {
        cli_say(cli, "%s: %lld seals hold; none is over the captures checked", cli->database.path,
                (long long)seals->count);
        return;
    }
    time_text_format(seals->timestamp.time_ms, time);
    cli_say(cli, "%s: %lld seals hold; %s %lld to %lld are fixed since %s, by %s",
            cli->database.path, (long long)seals->count,
            from > 1 ? "of those checked," : "captures", (long long)from, (long long)seals->sealed,
            time, seals->timestamp.authority);
}

static void print_words(const struct cli *cli, const struct verify_report *report)
{
    char hex[SHA256_HEX_SIZE], time[TIME_TEXT_SIZE];
    if (report->evidence_sound) {
        sha256_hex(&report->head, hex);
        printf("%s\n", hex);
    }
    if (report->evidence_sound && report->has_root) {
        sha256_hex(&report->root, hex);
        printf("root %s\n", hex);
    }
    if (report->kind == VERIFY_SOUND) {
        cli_say(
            cli,
            "%s: sound%s: %lld captures, %lld payloads, %lld positions, %lld valuations; the head "
            "after capture %lld is above, and the root of its tree",
            cli->database.path,
            report->read_by_others > 0
                ? "; read by an older posrec ('posrec rebuild' reads it again)"
                : "",
            (long long)report->captures, (long long)report->payloads, (long long)report->positions,
            (long long)report->valuations, (long long)report->last_capture_id);
        if (cli->options.ca_file != NULL) {
            say_seals(cli, &report->seals, report->last_capture_id - report->captures + 1);
        }
        if (report->read_otherwise[0] != '\0') {
            cli_say(cli, "%s: read otherwise by this one: %s", cli->database.path,
                    report->read_otherwise);
        }
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
    cli_print(stderr, "posrec: verify: %s: %s%s: %s%s", cli->database.path, where,
              verify_kind_name(report->kind), report->what,
              report->evidence_sound && !report->rows_sound
                  ? " (the evidence is sound: 'posrec rebuild' makes the rows again)"
                  : "");
}

static bool check_options(const struct options *options, struct verify_settings *settings,
                          struct sha256_digest noted[static 2], struct error *error)
{
    if (options->format != FORMAT_TABLE && options->format != FORMAT_JSON) {
        return error_set(error, ERROR_USAGE, "verify speaks in words or in json");
    }
    if (options->head != NULL) {
        settings->head = &noted[0];
        if (!parse_noted("--head", options->head, NO_HEAD, &noted[0], error)) {
            return false;
        }
    }
    if (options->root != NULL) {
        settings->root = &noted[1];
        if (!parse_noted("--root", options->root, NO_ROOT, &noted[1], error)) {
            return false;
        }
    }
    const char *from = options->from_capture;
    return from == NULL || options_read_number(from, &settings->from_capture_id) ||
           error_set(error, ERROR_USAGE, "--from '%s': not the number of a capture", from);
}

static bool verify(struct cli *cli, struct verify_settings *settings, struct verify_report *report,
                   struct error *error)
{
    if (!cli_open_evidence(cli, error) ||
        !cli_verify(cli, &cli->database, settings, report, error)) {
        return false;
    }
    if (cli->options.format == FORMAT_JSON) {
        print_json(report);
    } else {
        print_words(cli, report);
    }
    return true;
}

/* What cannot be carried through has not proved anything: that is no sound database either. */
static bool write_metrics(const struct cli *cli, const struct verify_report *report, bool done,
                          int64_t started_ms, struct error *error)
{
    const struct verify_metrics metrics = {
        .sound = done && report->kind == VERIFY_SOUND,
        .captures = report->captures,
        .ended_ms = clock_wall_ms(),
        .took_ms = clock_boot().ms - started_ms,
    };
    const char *path = cli->config.verify_metrics_file;
    return path == NULL || metrics_write_verify(&metrics, path, error);
}

static bool run(struct cli *cli, struct error *error)
{
    struct verify_report report = {0};
    struct sha256_digest noted[2];
    struct verify_settings settings = {.from_capture_id = 1};
    struct error unwritten;
    if (!check_options(&cli->options, &settings, noted, error)) {
        return false;
    }
    struct timestamp_trust *trust = NULL;
    if (cli->options.ca_file != NULL) {
        settings.trust = trust = timestamp_trust_new(cli->options.ca_file, error);
        if (trust == NULL) {
            return error_context(error, "--ca");
        }
    }
    int64_t started_ms = clock_boot().ms;
    bool done = verify(cli, &settings, &report, error);
    timestamp_trust_free(trust);
    cli->exit_code = report.kind == VERIFY_SOUND ? EXIT_DONE : EXIT_FAILED;
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
    .options = {OPTION(from_capture), OPTION(head), OPTION(root), OPTION(ca_file), OPTION(format)},
    .run = run,
};
