#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "exchange/limits.h"
#include "mirror/mirror.h"
#include "mirror/restore.h"
#include "mirror/schema.h"
#include "service/metrics.h"
#include "service/signals.h"
#include "store/backup.h"
#include "store/migrate.h"
#include "store/rebuild.h"
#include "store/verify.h"

#define LOOK_EVERY_MS 200 /* for new captures, while following */
#define METRICS_EVERY_MS 1000
#define BACKOFF_BASE_MS 250
#define BACKOFF_CAP_MS 60000
#define HOST_SIZE 256

/* Where from and where to. */
struct job {
    struct cli *cli;
    struct database database;
    const char *conninfo;
    struct mirror_settings settings;
    char name[HOST_SIZE + PATH_MAX + 1];
    struct server *server;
    struct mirror *mirror;
    int64_t next_metrics_ms;
};

/* A command line is seen by everybody on the machine; so is a config file that others can read. */
static bool check_password(const struct cli *cli, const char *conninfo, struct error *error)
{
    struct stat status;
    if (!server_names_password(conninfo)) {
        return true;
    }
    if (cli->options.server != NULL) {
        return error_set(error, ERROR_USAGE,
                         "--to names a password, which everybody on this machine can see (put it "
                         "into ~/.pgpass, PGPASSWORD or the config file)");
    }
    if (stat(cli->config.path, &status) == 0 && (status.st_mode & 077) != 0) {
        return error_set(error, ERROR_USAGE,
                         "%s: names a password, and others can read it (chmod 600 %s)",
                         cli->config.path, cli->config.path);
    }
    return true;
}

static bool choose_server(struct job *job, struct error *error)
{
    struct cli *cli = job->cli;
    if (!cli_load_config(cli, error)) {
        return false;
    }
    job->conninfo = cli->options.server != NULL ? cli->options.server : cli->config.mirror;
    if (job->conninfo == NULL) {
        return error_set(error, ERROR_USAGE,
                         "to which server? (give --to 'host=... dbname=...', or `mirror = ...` in "
                         "[posrec] of the config)");
    }
    return check_password(cli, job->conninfo, error);
}

static bool choose_name(struct job *job, struct error *error)
{
    char host[HOST_SIZE] = "", path[PATH_MAX];
    job->settings.name = job->cli->options.name;
    if (job->settings.name == NULL) {
        if (gethostname(host, sizeof host - 1) != 0 || realpath(job->database.path, path) == NULL) {
            return error_set(error, ERROR_FAILED, "no name for this recorder (give it a --name)");
        }
        snprintf(job->name, sizeof job->name, "%s:%s", host, path);
        job->settings.name = job->name;
    }
    return true;
}

static void leave(struct job *job)
{
    mirror_free(job->mirror);
    server_close(job->server);
    job->mirror = NULL;
    job->server = NULL;
}

static bool enter(struct job *job, struct error *error)
{
    job->server = server_connect(job->conninfo, 0, error);
    job->mirror = job->server != NULL ? mirror_new(&job->database, job->server, &job->settings,
                                                   clock_real_ms(), error)
                                      : NULL;
    return job->mirror != NULL;
}

static bool copy_all(struct job *job, struct error *error)
{
    struct progress progress;
    bool more = true, done = true;
    progress_begin(&progress, "mirror", 0, job->cli->options.quiet);
    while (done && more) {
        done = mirror_step(job->mirror, clock_real_ms(), &more, error);
        progress.total = mirror_last_capture_id(job->mirror);
        progress_update(&progress, mirror_capture_id(job->mirror));
    }
    progress_end(&progress);
    return done;
}

static bool check(struct job *job, struct error *error)
{
    int64_t rows;
    if (!mirror_check(job->mirror, &rows, error)) {
        return error_context(error, "check");
    }
    cli_say(job->cli, "%s: the mirror has the same %lld rows, up to capture %lld",
            job->database.path, (long long)rows, (long long)mirror_capture_id(job->mirror));
    return true;
}

/* Both sides are compared as they are at one moment of the file. */
static bool once(struct job *job, struct error *error)
{
    bool checks = job->cli->options.check;
    bool done = (!checks || database_freeze(&job->database, error)) && enter(job, error) &&
                copy_all(job, error);
    if (done) {
        cli_say(job->cli, "%s: mirrored up to capture %lld, %lld rows copied", job->database.path,
                (long long)mirror_capture_id(job->mirror),
                (long long)mirror_row_count(job->mirror));
    }
    done = done && (!checks || check(job, error));
    leave(job);
    return done;
}

static void log_lost(const struct error *why, int64_t retry_ms)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "mirror_failed");
    log_text(&line, "reason", why->text);
    log_int(&line, "retry_ms", retry_ms);
    log_end(&line);
}

static void log_reached(const struct job *job)
{
    struct log_line line;
    log_begin(&line, LOG_INFO, "mirror_follows");
    log_int(&line, "capture", mirror_capture_id(job->mirror));
    log_int(&line, "rows", mirror_row_count(job->mirror));
    log_end(&line);
}

/* At most once a second. A file that cannot be written is said and holds nothing up. */
static void write_metrics(struct job *job)
{
    const char *path = job->cli->config.mirror_metrics_file;
    struct mirror_lag lag = {0};
    struct error error = {0};
    int64_t monotonic_ms = clock_monotonic_ms();
    if (path == NULL || monotonic_ms < job->next_metrics_ms) {
        return;
    }
    job->next_metrics_ms = monotonic_ms + METRICS_EVERY_MS;
    bool good = job->mirror == NULL || mirror_own_lag(job->mirror, &lag, &error);
    const struct mirror_metrics metrics = {
        .connected = job->mirror != NULL,
        .capture_id = lag.capture_id,
        .captures = lag.captures,
        .lag_ms = lag.since_ms > 0 ? capture_age_ms(lag.since_ms, clock_real_ms()) : 0,
    };
    if (!good || !metrics_write_mirror(&metrics, path, &error)) {
        struct log_line line;
        log_begin(&line, LOG_ERROR, "metrics_not_written");
        log_text(&line, "reason", error.text);
        log_end(&line);
    }
}

/* Waits, or returns false when asked to stop. */
static bool wait_ms(int signals, int64_t ms)
{
    struct pollfd file = {.fd = signals, .events = POLLIN};
    return poll(&file, 1, (int)ms) <= 0 || signals_take(signals) != SIGNAL_STOP;
}

/* What is read as it lies is not followed: nothing that comes would be seen. */
static bool check_still(const struct job *job, struct error *error)
{
    return !(job->database.is_still && job->cli->options.follow) ||
           error_set(error, ERROR_FAILED,
                     "%s: nothing writes to it, and what will is not seen from a folder that "
                     "cannot be written (mirror it without --follow, or start 'posrec run' first)",
                     job->database.path);
}

/* Whatever fails on the server's side is tried again, on a new connection. What the server has is
 * another file's: that is no failure to wait for. */
static bool follow(struct job *job, struct error *error)
{
    struct random random = random_start();
    int signals, failures = 0;
    bool goes_on = true, stays = true, more = false;
    if (!signals_open(&signals, error)) {
        return false;
    }
    while (goes_on && stays) {
        struct error why = {0};
        bool good = job->mirror != NULL || enter(job, &why);
        if (!good && job->server != NULL && !server_is_lost(job->server)) {
            *error = why;
            stays = false;
            break;
        }
        good = good && mirror_step(job->mirror, clock_real_ms(), &more, &why);
        write_metrics(job);
        if (good) {
            failures = 0;
            goes_on = wait_ms(signals, more ? 0 : LOOK_EVERY_MS);
        } else {
            int64_t retry_ms = limits_backoff_ms(failures++, BACKOFF_BASE_MS, BACKOFF_CAP_MS,
                                                 random_next(&random));
            log_lost(&why, retry_ms);
            leave(job);
            goes_on = wait_ms(signals, retry_ms);
        }
    }
    if (job->mirror != NULL) {
        log_reached(job);
    }
    leave(job);
    signals_close(signals);
    return stays;
}

/* The evidence, the rows derived from it, and the proof that both are sound. */
static bool make_again(struct cli *cli, struct server *server, const struct database *database,
                       struct error *error)
{
    struct progress progress;
    struct restore_watch restoring = {&progress, progress_watch};
    struct rebuild_watch rebuilding = {&progress, progress_watch};
    struct verify_settings settings = {
        .from_capture_id = 1, .context = &progress, .on_progress = progress_watch};
    struct verify_report report = {0};
    char head[SHA256_HEX_SIZE], found[SHA256_HEX_SIZE];
    int64_t captures;
    progress_begin(&progress, "restore", 0, cli->options.quiet);
    bool done = migrate_apply(database, cli->now_ms, NULL, error) &&
                restore_evidence(server, cli->options.name, database, &restoring, head, error) &&
                rebuild_database(database, &rebuilding, &captures, error) &&
                database_empty_log(database, error) &&
                verify_database(database, &settings, &report, error);
    progress_end(&progress);
    if (!done) {
        return false;
    }
    sha256_hex(&report.head, found);
    if (report.kind != VERIFY_SOUND || strcmp(found, head) != 0) {
        return error_set(error, ERROR_FAILED, "what the mirror has is not sound: %s",
                         report.kind != VERIFY_SOUND ? report.what : "its chain ends elsewhere");
    }
    cli_say(cli, "%s: restored and verified, %lld captures, head %s", database->path,
            (long long)captures, found);
    return true;
}

static bool restore(struct job *job, struct error *error)
{
    const char *path = job->cli->options.restore;
    struct database database;
    if (access(path, F_OK) == 0) {
        return error_set(error, ERROR_USAGE, "%s: is there already", path);
    }
    job->server = server_connect(job->conninfo, 0, error);
    if (job->server == NULL) {
        return false;
    }
    bool done = database_open(path, DATABASE_WRITE, &database, error);
    if (done) {
        done = make_again(job->cli, job->server, &database, error);
        database_close(&database);
        if (!done) {
            backup_remove(path);
        }
    }
    leave(job);
    return done;
}

/* Before anything is copied, so that rows are spread as they come. */
static bool distribute(struct job *job, struct error *error)
{
    int64_t count;
    job->server = server_connect(job->conninfo, 0, error);
    bool done =
        job->server != NULL && schema_distribute(job->server, clock_real_ms(), &count, error);
    if (done) {
        cli_say(job->cli, "%lld tables distributed by account_id", (long long)count);
    }
    leave(job);
    return done || error_context(error, "distribute");
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct job job = {.cli = cli, .settings.with_bodies = cli->options.with_bodies};
    (void)exit_code;
    if (cli->options.follow && cli->options.check) {
        return error_set(error, ERROR_USAGE, "mirror: --follow or --check, not both");
    }
    if (!choose_server(&job, error)) {
        return error_context(error, "mirror");
    }
    if (cli->options.distribute && !distribute(&job, error)) {
        return error_context(error, "mirror");
    }
    if (cli->options.restore != NULL) {
        return restore(&job, error) || error_context(error, "mirror: restore");
    }
    if (!cli_open_database(cli, DATABASE_READ, &job.database, error)) {
        return error_context(error, "mirror");
    }
    bool done = check_still(&job, error) && database_unmap(&job.database, error) &&
                choose_name(&job, error) &&
                (cli->options.follow ? follow(&job, error) : once(&job, error));
    database_close(&job.database);
    return done || error_context(error, "mirror");
}

const struct command COMMAND_MIRROR = {
    .name = "mirror",
    .arguments = "",
    .summary = "copy everything recorded to PostgreSQL, and keep it up to date",
    .help =
        "Copies what is new since the last time into the schema `posrec` of a PostgreSQL server, "
        "or\n"
        "one that speaks its wire; makes the schema when it is not there. Any number of recorders\n"
        "mirror into one database. Broken off anywhere and run again, nothing is missing or "
        "double.\n"
        "The file is only read; `posrec run` goes on meanwhile.\n\n"
        "--check compares both sides by table, account and day, then the tables and views "
        "themselves,\n"
        "and names the first difference.\n"
        "--follow goes on, at most a second behind, and connects again when the server was "
        "away.\n\n"
        "--restore FILE writes a recorder's file anew from a mirror with bodies, and verifies "
        "it.\n\n"
        "A password goes into ~/.pgpass, PGPASSWORD or the config file, never onto a command "
        "line.\n\n"
        "Examples:\n"
        "  posrec mirror --to 'host=db.example.org dbname=positions user=posrec'\n"
        "  posrec mirror --check\n"
        "  posrec mirror --follow --with-bodies\n"
        "  posrec mirror --restore posrec.db --name db1\n",
    .options = {OPTION_SERVER, OPTION_NAME, OPTION_FOLLOW, OPTION_WITH_BODIES, OPTION_CHECK,
                OPTION_RESTORE, OPTION_DISTRIBUTE, OPTION_NONE},
    .run = run,
};
