#include <stdlib.h>

#include "base/time_text.h"
#include "cli/cli.h"
#include "mirror/mirror.h"
#include "model/capture.h"
#include "report/recorded.h"
#include "service/disk.h"
#include "service/run_lock.h"

/* How long the mirror's server is waited for: what is known of the file is said before. */
#define MIRROR_ANSWER_MS_MAX 3000

struct figures {
    bool running;
    int64_t bytes;
    struct maybe_int growth; /* bytes a day */
    int64_t left;
    struct mirror_lag lag;  /* where the configuration names a mirror's server ... */
    struct error no_mirror; /* ... unless this says why it is not known */
};

static bool collect(const struct cli *cli, const struct database *database, struct figures *figures,
                    struct error *error)
{
    const struct report_parameter parameters[] = {
        {.name = ":now_ms", .number = maybe_of(cli->now_ms)}, {0}};
    figures->running = run_lock_is_held(database->path);
    return disk_usage(database->path, &figures->bytes, &figures->left, error) &&
           report_integer(database, "growth", parameters, &figures->growth, error);
}

/* A server that does not answer is no failure of the recorder's. */
static void ask_mirror(const struct cli *cli, const struct database *database,
                       struct figures *figures)
{
    struct server *server =
        server_connect(cli->config.mirror, MIRROR_ANSWER_MS_MAX, &figures->no_mirror);
    if (server != NULL && !mirror_lag(database, server, &figures->lag, &figures->no_mirror)) {
        figures->lag.mirrored = false;
    }
    server_close(server);
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

static void print_mirror(const struct cli *cli, const struct figures *figures, FILE *out)
{
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

/* The mirror's part, after all else, and the object's end. With -q only json asks for it. */
static void write_mirror(const struct cli *cli, const struct database *database,
                         struct figures *figures, FILE *out)
{
    bool is_json = cli->options.format == FORMAT_JSON;
    if (cli->config.mirror != NULL && (is_json || !cli->options.quiet)) {
        fflush(out);
        ask_mirror(cli, database, figures);
        if (is_json) {
            print_mirror(cli, figures, out);
        } else {
            say_mirror(cli, figures);
        }
    }
    fputs(is_json ? "}\n" : "", out);
}

static bool write_accounts(const struct cli *cli, const struct database *database,
                           const struct figures *figures, enum report_format format, FILE *out,
                           int64_t *rows, struct error *error)
{
    const struct report_parameter parameters[] = {
        {.name = ":now_ms", .number = maybe_of(cli->now_ms)},
        {.name = ":ahead_ms", .number = maybe_of(CAPTURE_AGE_AHEAD_MS_MAX)},
        {.name = ":running", .number = maybe_of(figures->running)},
        {.name = ":account", .text = cli->options.account},
        {0},
    };
    return report_run(database, "status", parameters, format, out, rows, error);
}

static bool write_words(const struct cli *cli, const struct database *database,
                        const struct figures *figures, FILE *out, struct error *error)
{
    int64_t rows = 0;
    char growth[64] = "its growth shows after an hour";
    if (figures->growth.known) {
        snprintf(growth, sizeof growth, "about %lld more a day", (long long)figures->growth.value);
    }
    if (!write_accounts(cli, database, figures, cli->options.format, out, &rows, error)) {
        return false;
    }
    if (rows == 0 && cli->options.format == FORMAT_TABLE) {
        cli_say(cli, "No account has been polled yet.");
    }
    cli_say(cli, "%s: %lld bytes, %s; %lld bytes left on its disk; %s", database->path,
            (long long)figures->bytes, growth, (long long)figures->left,
            figures->running ? "'posrec run' is recording" : "'posrec run' is not running");
    return true;
}

/* The object but for the mirror's part and its end. */
static bool write_json(const struct cli *cli, const struct database *database,
                       const struct figures *figures, FILE *out, struct error *error)
{
    int64_t rows = 0;
    struct text path = {0};
    text_append_json(&path, span_of(database->path));
    fprintf(out,
            "{\"database\":{\"path\":%s,\"bytes\":%lld,\"growth_bytes_a_day\":%lld,"
            "\"disk_left_bytes\":%lld},\"running\":%s,\"accounts\":",
            text_string(&path), (long long)figures->bytes,
            (long long)(figures->growth.known ? figures->growth.value : 0),
            (long long)figures->left, figures->running ? "true" : "false");
    text_free(&path);
    return write_accounts(cli, database, figures, FORMAT_JSON, out, &rows, error);
}

/* Whether the account's last good poll (or, without a name, that of any) is too old or, as if it
 * were, lies in the future. */
static bool is_stale(const struct cli *cli, const struct database *database, const char *account,
                     bool *stale, struct error *error)
{
    const struct report_parameter parameters[] = {
        {.name = ":now_ms", .number = maybe_of(cli->now_ms)},
        {.name = ":ahead_ms", .number = maybe_of(CAPTURE_AGE_AHEAD_MS_MAX)},
        {.name = ":account", .text = account},
        {0},
    };
    struct maybe_int age_ms;
    if (!report_integer(database, "oldest_age", parameters, &age_ms, error)) {
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
static bool check_ages(struct cli *cli, const struct database *database, int *exit_code,
                       struct error *error)
{
    bool stale = false, any = false;
    if (!cli->options.max_age_ms.known) {
        return true;
    }
    if (cli->options.account != NULL || cli->config.account_count == 0) {
        if (!is_stale(cli, database, cli->options.account, &any, error)) {
            return false;
        }
    } else {
        for (size_t i = 0; i < cli->config.account_count; i++) {
            if (!is_stale(cli, database, cli->config.accounts[i].name, &stale, error)) {
                return false;
            }
            any |= stale;
        }
    }
    *exit_code = any ? EXIT_FAILED : EXIT_DONE;
    return true;
}

/* An account that is configured stands somewhere too, at nothing. */
static bool check_account(const struct cli *cli, const struct database *database,
                          struct error *error)
{
    const char *account = cli->options.account;
    return (account != NULL && config_find_account(&cli->config, account) != NULL) ||
           recorded_account_check(database, account, error);
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    struct figures figures = {0};
    FILE *out;
    if (!cli_load_config(cli, error) || !cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    bool done = check_account(cli, &database, error) && collect(cli, &database, &figures, error) &&
                cli_open_output(cli, &out, error);
    if (done) {
        done = (cli->options.format == FORMAT_JSON
                    ? write_json(cli, &database, &figures, out, error)
                    : write_words(cli, &database, &figures, out, error)) &&
               check_ages(cli, &database, exit_code, error);
        if (done) {
            write_mirror(cli, &database, &figures, out);
        }
        done = cli_close_output(cli, out, done, error);
    }
    database_close(&database);
    return done;
}

const struct command COMMAND_STATUS = {
    .name = "status",
    .arguments = "",
    .summary = "show where each account and the database stand",
    .help =
        "For each account its last good poll and how old it is, the outcomes of the last 24 "
        "hours,\n"
        "gaps, the next tick, the clock's offset and the weight used; the database's size, growth "
        "and\n"
        "room; at last, where a mirror is configured, how far it is, if its server answers within "
        "3 s.\n"
        "With --max-age the exit code is 1 when an account has waited longer than that, for cron "
        "or a\n"
        "monitor; also when its last good poll lies in the future, which has no age.\n\n"
        "Examples:\n"
        "  posrec status\n"
        "  posrec -q status --max-age 60s --format json\n",
    .options = {OPTION_MAX_AGE, OPTION_ACCOUNT, OPTION_FORMAT, OPTION_OUTPUT, OPTION_NONE},
    .run = run,
};
