#include <errno.h>
#include <string.h>

#include "base/terminal.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "model/json_span.h"
#include "model/proof.h"
#include "model/seal.h"

static bool read_file(const char *path, struct text *file, struct error *error)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (in == NULL) {
        return error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    size_t more = 1;
    while (more > 0 && file->size <= PROOF_SIZE_MAX && text_reserve(file, 65536)) {
        more = fread(file->data + file->size, 1, 65536, in);
        file->size += more;
    }
    bool good = ferror(in) == 0 || error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    if (in != stdin) {
        fclose(in);
    }
    return good && (!file->failed || error_no_memory(error));
}

static void print_time(const char *name, struct maybe_int time_ms)
{
    char time[TIME_TEXT_SIZE];
    if (time_ms.known) {
        time_text_format(time_ms.value, time);
        printf("%-10s%s\n", name, time);
    }
}

static void print_number(const char *name, struct maybe_int number)
{
    if (number.known) {
        printf("%-10s%lld\n", name, (long long)number.value);
    }
}

static void print_text(const char *name, const struct text *text)
{
    struct text line = {0};
    if (text->size > 0) {
        terminal_append(&line, text_span(text));
        printf("%-10s%s\n", name, text_string(&line));
    }
    text_free(&line);
}

/* What is printed of a leg, as the exchange wrote it. */
static const char *const LEG[] = {"symbol",    "positionSide",     "positionAmt", "entryPrice",
                                  "markPrice", "unRealizedProfit", "updateTime"};
enum { LEG_AMOUNT = 2, LEG_COUNT = sizeof LEG / sizeof LEG[0] };

/* Prints a leg that is open; what is no leg is left to the body. */
static bool print_leg(struct span text)
{
    struct json_walk walk = json_walk_at(text, 0);
    struct span key, value, fields[LEG_COUNT] = {0};
    enum json_step step;
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        for (int i = 0; i < LEG_COUNT; i++) {
            if (json_key_is(key, LEG[i])) {
                bool quoted = value.size >= 2 && value.data[0] == '"';
                fields[i] = quoted ? (struct span){value.data + 1, value.size - 2} : value;
            }
        }
    }
    struct span amount = fields[LEG_AMOUNT];
    bool is_open = false;
    for (size_t i = 0; i < amount.size; i++) {
        is_open |= strchr("+-.0", amount.data[i]) == NULL;
    }
    if (step != JSON_END || !is_open) {
        return false;
    }
    struct text line = {0};
    for (int i = 0; i < LEG_COUNT; i++) {
        text_printf(&line, "%s%s %.*s", i == 0 ? "" : ", ", LEG[i], (int)fields[i].size,
                    fields[i].size > 0 ? fields[i].data : "");
    }
    print_text("leg", &line);
    text_free(&line);
    return true;
}

static void print_legs(const struct proof *proof)
{
    struct json_walk walk = json_walk_at(text_span(&proof->body), 0);
    struct span leg;
    int open = 0;
    enum json_step step;
    if (!json_value_is_valid(json_trim(text_span(&proof->body)))) {
        return;
    }
    while ((step = json_next_element(&walk, &leg)) == JSON_ITEM) {
        open += print_leg(leg);
    }
    if (step == JSON_END) {
        printf("%-10s%d\n", "open legs", open);
    }
}

static void print_capture(const struct canonical_reading *said, const struct proof *proof)
{
    const struct capture *capture = &said->capture;
    printf("%-10s%lld\n", "capture", (long long)said->capture_id);
    print_text("account", &capture->account);
    print_text("product", &said->product);
    printf("%-10s%s\n", "endpoint", endpoint_name(capture->endpoint));
    print_text("request", &capture->request);
    print_time("due", capture->due_ms);
    print_time("sent", capture->sent_ms);
    print_time("received", maybe_of(capture->received_ms));
    printf("%-10s%s\n", "outcome", outcome_name(capture->outcome));
    print_number("status", capture->http_status);
    print_number("code", capture->api_code);
    print_text("detail", &capture->detail);
    if (proof->has_body) {
        printf("%-10s%zu bytes\n", "body", proof->body.size);
    }
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->outcome == OUTCOME_OK) {
        print_legs(proof);
    }
}

static void print_root(const struct cli *cli, const struct proof *proof,
                       const struct timestamp *timestamp)
{
    char root[SHA256_HEX_SIZE], time[TIME_TEXT_SIZE];
    sha256_hex(&proof->root, root);
    bool is_verified = timestamp->authority[0] != '\0';
    bool is_counted = is_verified || cli->options.tree_count.known; /* a root does not bind it */
    printf("%-10s%s\n%-10s%lld%s\n", "root", root, "captures", (long long)proof->count,
           is_counted ? "" : ", as the file says (--count N)");
    if (proof->is_stamped) {
        time_text_format(timestamp->time_ms, time);
        cli_print(stdout,
                  is_verified ? "stamped   %s, by %s"
                              : "stamped   %s, it says%s: not verified (--ca FILE)",
                  time, timestamp->authority);
    }
    printf("%-10s%s\n", "fixed",
           is_verified ? "since it was stamped"
           : cli->options.root != NULL
               ? "since the root was noted that --root gave"
               : "since the root above was noted somewhere, by whoever did");
}

static bool check_root(const struct cli *cli, const struct proof *proof, struct error *error)
{
    struct maybe_int count = cli->options.tree_count;
    struct sha256_digest noted;
    if (count.known && count.value != proof->count) {
        return error_set(error, ERROR_FAILED, "its root is of %lld captures, as it says, not %lld",
                         (long long)proof->count, (long long)count.value);
    }
    return cli->options.root == NULL ||
           (options_read_sha256("--root", cli->options.root, &noted, error) &&
            (sha256_equal(&noted, &proof->root) ||
             error_set(error, ERROR_FAILED,
                       "its root is another than that of --root ('posrec prove --count N' proves "
                       "under the root after N captures)")));
}

/* Reads the timestamp, and verifies it by the certificates that --ca gives. */
static bool check_timestamp(const struct cli *cli, const struct proof *proof,
                            struct timestamp *timestamp, struct error *error)
{
    const char *ca_file = cli->options.ca_file;
    struct span answer = text_span(&proof->timestamp);
    struct timestamp_query query;
    if (!proof->is_stamped) {
        return ca_file == NULL ||
               error_set(error, ERROR_FAILED, "it has no timestamp that --ca could be for");
    }
    struct timestamp_trust *trust = ca_file != NULL ? timestamp_trust_new(ca_file, error) : NULL;
    bool done = (ca_file == NULL || trust != NULL || error_context(error, "--ca")) &&
                proof_query(proof, &query, error) &&
                ((trust != NULL ? timestamp_verify(trust, &query, answer, timestamp, error)
                                : timestamp_read(&query, answer, timestamp, error)) ||
                 error_context(error, "its timestamp"));
    timestamp_trust_free(trust);
    return done;
}

/* Clocks differ, but a stamp is not of what came a day after it. */
static bool check_order(const struct proof *proof, const struct canonical_reading *said,
                        const struct timestamp *timestamp, struct error *error)
{
    return !proof->is_stamped ||
           said->capture.received_ms - timestamp->time_ms <= SEAL_APART_MS_MAX ||
           error_set(error, ERROR_FAILED,
                     "it says that it was received more than a day after it was stamped");
}

static bool run(struct cli *cli, struct error *error)
{
    struct text file = {0};
    struct proof proof = {0};
    struct timestamp timestamp = {0};
    struct canonical_reading said = {0};
    struct sha256 *sha256 = sha256_new(error);
    bool done =
        sha256 != NULL && read_file(cli->arguments[0], &file, error) &&
        ((proof_read(text_span(&file), sha256, &proof, &said, error) &&
          check_timestamp(cli, &proof, &timestamp, error) &&
          check_order(&proof, &said, &timestamp, error) && check_root(cli, &proof, error)) ||
         error_context(error, "%s", cli->arguments[0]));
    if (done) {
        print_capture(&said, &proof);
        print_root(cli, &proof, &timestamp);
    }
    text_free(&file);
    proof_free(&proof);
    canonical_reading_free(&said);
    sha256_free(sha256);
    return done;
}

const struct command COMMAND_CHECK_PROOF = {
    .name = "check-proof",
    .arguments = "FILE",
    .summary = "check such a file, without a database",
    .options = {OPTION(root), OPTION(tree_count), OPTION(ca_file)},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
