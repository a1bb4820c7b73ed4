#include <stdlib.h>

#include "base/time_text.h"
#include "cli/program.h"
#include "host/disk.h"
#include "host/heap.h"
#include "host/run_lock.h"
#include "model/capture.h"
#include "report/recorded.h"

struct figures {
    struct report_question question;
    int64_t bytes;
    struct maybe_int growth; /* bytes a day */
    int64_t left;
    struct mirror_lag lag;  /* where the configuration names a mirror's server ... */
    struct error no_mirror; /* ... unless this says why it is not known */
};

static bool collect(const struct cli *cli, struct figures *figures, struct error *error)
{
    figures->question.running = run_lock_is_held(cli->database.path);
    return disk_usage(cli->database.path, &figures->bytes, &figures->left, error) &&
           report_integer(&figures->question, "growth", &figures->growth, error);
}

static int64_t lag_ms(const struct cli *cli, const struct mirror_lag *lag)
{
    return lag->since_ms > 0 ? capture_age_ms(lag->since_ms, cli->now_ms) : 0;
}

static void say_mirror(const struct cli *cli, const struct figures *figures)
{
    const struct mirror_lag *lag = &figures->lag;
    if (figures->no_mirror.kind != ERROR_NONE) {
        cli_say(cli, "mirror: %s", figures->no_mirror.text);
    } else if (!lag->mirrored) {
        cli_say(cli, "mirror: nothing of this database is there yet (run 'posrec mirror')");
    } else if (lag_ms(cli, lag) == CAPTURE_NO_AGE) {
        cli_say(cli,
                "mirror: up to capture %lld, %lld captures behind; the next lies in the future: "
                "the clock, or an import",
                (long long)lag->capture_id, (long long)lag->captures);
    } else {
        cli_say(cli, "mirror: up to capture %lld, %lld captures and %lld ms behind",
                (long long)lag->capture_id, (long long)lag->captures, (long long)lag_ms(cli, lag));
    }
}

static void print_mirror(const struct cli *cli, const struct figures *figures)
{
    FILE *out = cli->out;
    const struct mirror_lag *lag = &figures->lag;
    fprintf(out, ",\"mirror\":");
    if (figures->no_mirror.kind != ERROR_NONE || !lag->mirrored) {
        fputs("null", out);
        return;
    }
    fprintf(out, "{\"capture_id\":%lld,\"waiting_captures\":%lld,\"lag_ms\":",
            (long long)lag->capture_id, (long long)lag->captures);
    if (lag_ms(cli, lag) == CAPTURE_NO_AGE) {
        fputs("null}", out);
    } else {
        fprintf(out, "%lld}", (long long)lag_ms(cli, lag));
    }
}

/* With -q only json asks for it. */
static bool tells_mirror(const struct cli *cli)
{
    return cli->config.mirror != NULL &&
           (cli->options.format == FORMAT_JSON || !cli->options.quiet);
}

/* The mirror's part, after all else, and the object's end. */
static void write_mirror(const struct cli *cli, struct figures *figures)
{
    bool is_json = cli->options.format == FORMAT_JSON;
    if (tells_mirror(cli)) {
        fflush(cli->out);
        /* A server that does not answer is no failure of the recorder's. */
        if (!PROGRAM.ask_mirror(cli, &figures->lag, &figures->no_mirror)) {
            figures->lag.mirrored = false;
        }
        if (is_json) {
            print_mirror(cli, figures);
        } else {
            say_mirror(cli, figures);
        }
    }
    fputs(is_json ? "}\n" : "", cli->out);
}

/* In json what stands before the accounts; the mirror's part and the object's end follow. */
static void begin_json(const struct cli *cli, const struct figures *figures)
{
    struct text path = {0};
    text_append_json(&path, span_of(cli->database.path));
    fprintf(cli->out,
            "{\"database\":{\"path\":%s,\"bytes\":%lld,\"growth_bytes_a_day\":%lld,"
            "\"disk_left_bytes\":%lld},\"running\":%s,\"accounts\":",
            text_string(&path), (long long)figures->bytes,
            (long long)(figures->growth.known ? figures->growth.value : 0),
            (long long)figures->left, figures->question.running ? "true" : "false");
    text_free(&path);
}

static void say_database(const struct cli *cli, const struct figures *figures)
{
    char growth[64] = "its growth shows after an hour";
    if (figures->growth.known) {
        snprintf(growth, sizeof growth, "about %lld more a day", (long long)figures->growth.value);
    }
    cli_say(cli, "%s: %lld bytes, %s; %lld bytes left on its disk; %s", cli->database.path,
            (long long)figures->bytes, growth, (long long)figures->left,
            figures->question.running ? "'posrec run' is recording"
                                      : "'posrec run' is not running");
}

static bool write_standing(const struct cli *cli, const struct figures *figures,
                           struct error *error)
{
    enum report_format format = cli->options.format;
    int64_t rows = 0;
    if (format == FORMAT_JSON) {
        begin_json(cli, figures);
    }
    if (!report_run(&figures->question, "status", format, cli->out, &rows, error)) {
        return false;
    }
    if (rows == 0 && format == FORMAT_TABLE) {
        cli_say(cli, "No account has been polled yet.");
    }
    if (format != FORMAT_JSON) {
        say_database(cli, figures);
    }
    return true;
}

/* Whether the account's last good poll (or, without a name, that of any) is too old or, as if it
 * were, lies in the future. */
static bool is_stale(const struct cli *cli, const char *account, bool *stale, struct error *error)
{
    struct report_question question = cli_question(cli);
    struct maybe_int age_ms;
    question.account = account;
    if (!report_integer(&question, "oldest_age", &age_ms, error)) {
        return false;
    }
    bool is_ahead = age_ms.known && age_ms.value < -CAPTURE_AGE_AHEAD_MS_MAX;
    *stale = is_ahead || !age_ms.known || age_ms.value > cli->options.max_age_ms.value;
    if (*stale) {
        cli_say(cli, "%s%s: %s", account != NULL ? "account " : "an account",
                account != NULL ? account : "",
                is_ahead ? "its last good poll lies in the future: the clock, or an import"
                         : "no good poll within the time that --max-age allows");
    }
    return true;
}

/* Every configured account counts, one that was never polled too; without a configuration those
 * that the database has. */
static bool check_ages(struct cli *cli, struct error *error)
{
    const struct config *config = &cli->config;
    bool one = cli->options.account != NULL || config->account_count == 0;
    size_t count = !cli->options.max_age_ms.known ? 0 : one ? 1 : config->account_count;
    for (size_t i = 0; i < count; i++) {
        const char *account = one ? cli->options.account : config->accounts[i].name;
        bool stale;
        if (!is_stale(cli, account, &stale, error)) {
            return false;
        }
        if (stale) {
            cli->exit_code = EXIT_FAILED;
        }
    }
    return true;
}

/* An account that is configured stands somewhere too, at nothing. */
static bool check_account(const struct cli *cli, const struct report_question *question,
                          struct error *error)
{
    return (question->account != NULL &&
            config_find_account(&cli->config, question->account) != NULL) ||
           recorded_check_account(question, error);
}

static bool run(struct cli *cli, struct error *error)
{
    struct figures figures = {.question = cli_question(cli)};
    if (!cli_load_config(cli, error)) {
        return false;
    }
    if (tells_mirror(cli) && PROGRAM.ask_mirror == NULL) {
        return program_pass_on(cli->words, error);
    }
    heap_take();
    bool done =
        cli_open_database(cli, DATABASE_READ, error) && database_unmap(&cli->database, error) &&
        check_account(cli, &figures.question, error) && collect(cli, &figures, error) &&
        report_check_columns(&figures.question, "status", error) && cli_open_output(cli, error) &&
        write_standing(cli, &figures, error) && check_ages(cli, error);
    if (done) {
        write_mirror(cli, &figures);
    }
    return cli_close_output(cli, done, error);
}

const struct command COMMAND_STATUS = {
    .name = "status",
    .arguments = "",
    .summary = "show where each account and the database stand",
    .options = {OPTION(max_age_ms), OPTION(account), OPTION(columns), OPTION(wide), OPTION(format),
                OPTION(output)},
    .run = run,
};
