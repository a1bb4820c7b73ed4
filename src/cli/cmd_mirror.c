#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "exchange/limits.h"
#include "host/clock.h"
#include "host/random.h"
#include "host/signals.h"
#include "mirror/mirror.h"
#include "mirror/restore.h"
#include "mirror/schema.h"
#include "service/metrics.h"
#include "store/file/backup.h"
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
    const struct database *database;
    const char *conninfo;
    struct mirror_settings settings;
    char name[HOST_SIZE + PATH_MAX + 1];
    struct server_watch watch;
    struct server *server;
    struct mirror *mirror;
    int64_t capture_id; /* the watermark, also between connections; 0 before the first */
    int64_t next_metrics_ms;
    bool stops;
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
        if (gethostname(host, sizeof host - 1) != 0 ||
            realpath(job->database->path, path) == NULL) {
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
    job->server = server_connect_watched(job->conninfo, &job->watch, error);
    job->mirror = job->server != NULL ? mirror_new(job->database, job->server, &job->settings,
                                                   clock_wall_ms(), error)
                                      : NULL;
    return job->mirror != NULL;
}

static bool copy_all(struct job *job, struct error *error)
{
    struct progress progress;
    bool more = true, done = true;
    progress_begin(&progress, "mirror", 0, job->cli->options.quiet);
    while (done && more) {
        done = mirror_step(job->mirror, clock_wall_ms(), &more, error);
        progress.total = mirror_progress(job->mirror).last_capture_id;
        progress_update(&progress, mirror_progress(job->mirror).capture_id);
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
            job->database->path, (long long)rows,
            (long long)mirror_progress(job->mirror).capture_id);
    return true;
}

/* Both sides are compared as they are at one moment of the file. */
static bool once(struct job *job, struct error *error)
{
    bool checks = job->cli->options.check;
    bool done = (!checks || database_freeze(job->database, error)) && enter(job, error) &&
                copy_all(job, error);
    if (done) {
        cli_say(job->cli, "%s: mirrored up to capture %lld, %lld rows copied", job->database->path,
                (long long)mirror_progress(job->mirror).capture_id,
                (long long)mirror_progress(job->mirror).row_count);
    }
    done = done && (!checks || check(job, error));
    leave(job);
    return done;
}

static void log_reached(const struct job *job)
{
    log_event(LOG_INFO, "mirror_follows",
              LOG_INT("capture", mirror_progress(job->mirror).capture_id),
              LOG_INT("rows", mirror_progress(job->mirror).row_count));
}

/* At most once a second. A file that cannot be written is said and holds nothing up. */
static void write_metrics(struct job *job)
{
    const char *path = job->cli->config.mirror_metrics_file;
    struct mirror_lag lag = {0};
    struct error error = {0};
    int64_t monotonic_ms = clock_boot().ms;
    if (path == NULL || monotonic_ms < job->next_metrics_ms) {
        return;
    }
    job->next_metrics_ms = monotonic_ms + METRICS_EVERY_MS;
    bool good = mirror_lag_after(job->database, job->capture_id, &lag, &error);
    const struct mirror_metrics metrics = {
        .connected = job->mirror != NULL,
        .capture_id = lag.capture_id,
        .captures = lag.captures,
        .lag_ms = lag.since_ms > 0 ? capture_age_ms(lag.since_ms, clock_wall_ms()) : 0,
    };
    if (!good || !metrics_write_mirror(&metrics, path, &error)) {
        log_event(LOG_ERROR, "metrics_not_written", LOG_TEXT("reason", error.text));
    }
}

/* What goes on while anything is waited for. */
static bool watch(void *context, struct error *error)
{
    struct job *job = context;
    write_metrics(job);
    job->stops = job->stops || signals_take(job->watch.wake) == SIGNAL_STOP;
    return !job->stops || error_set(error, ERROR_FAILED, "stopped");
}

static void wait_ms(struct job *job, int64_t ms)
{
    struct pollfd file = {.fd = job->watch.wake, .events = POLLIN};
    struct error ignored = {0};
    int64_t until_ms = clock_boot().ms + ms;
    while (watch(job, &ignored) && (ms = until_ms - clock_boot().ms) > 0) {
        poll(&file, 1, (int)(ms < LOOK_EVERY_MS ? ms : LOOK_EVERY_MS));
    }
}

/* What is read as it lies is not followed: nothing that comes would be seen. */
static bool check_still(const struct job *job, struct error *error)
{
    return !(job->database->is_still && job->cli->options.follow) ||
           error_set(error, ERROR_FAILED,
                     "%s: nothing writes to it, and what will is not seen from a folder that "
                     "cannot be written (mirror it without --follow, or start 'posrec run' first)",
                     job->database->path);
}

/* The next captures, and where there are none, the wait for them. */
static bool go_on(struct job *job, struct error *error)
{
    bool more;
    if (job->mirror == NULL) {
        if (!enter(job, error)) {
            return false;
        }
        job->capture_id = mirror_progress(job->mirror).capture_id;
        log_reached(job);
    }
    if (!server_take_in(job->server, error) ||
        !mirror_step(job->mirror, clock_wall_ms(), &more, error)) {
        return false;
    }
    job->capture_id = mirror_progress(job->mirror).capture_id;
    wait_ms(job, more ? 0 : LOOK_EVERY_MS);
    return true;
}

/* Whatever fails on the server's side is tried again, on a new connection. What the server has is
 * another file's: that is no failure to wait for. */
static bool follow(struct job *job, struct error *error)
{
    struct random random = random_start();
    int failures = 0;
    bool stays = true;
    job->watch = (struct server_watch){.on_wait = watch, .context = job};
    job->next_metrics_ms = clock_boot().ms + METRICS_EVERY_MS; /* connected by then, mostly */
    setenv("RES_OPTIONS", "timeout:2 attempts:1", 0); /* libpq looks names up without a watch */
    if (!signals_open(&job->watch.wake, error)) {
        return false;
    }
    while (!job->stops) {
        struct error why = {0};
        if (go_on(job, &why)) {
            failures = 0;
        } else if (!job->stops) {
            if (job->mirror == NULL && job->server != NULL && !server_is_lost(job->server)) {
                *error = why;
                stays = false;
                break;
            }
            int64_t retry_ms = limits_backoff_ms(failures++, BACKOFF_BASE_MS, BACKOFF_CAP_MS,
                                                 random_next(&random));
            log_event(LOG_ERROR, "mirror_failed", LOG_TEXT("reason", why.text),
                      LOG_INT("retry_ms", retry_ms));
            leave(job);
            wait_ms(job, retry_ms);
        }
    }
    if (job->mirror != NULL) {
        log_reached(job);
    }
    leave(job);
    signals_close(job->watch.wake);
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
        return error_set(error, ERROR_USAGE, "restore: %s: is there already", path);
    }
    job->server = server_connect(job->conninfo, 0, error);
    if (job->server == NULL) {
        return error_context(error, "restore");
    }
    bool opened = database_open(path, DATABASE_WRITE, &database, error);
    bool done = opened && make_again(job->cli, job->server, &database, error);
    database_close(&database);
    if (opened && !done) {
        backup_remove(path);
    }
    leave(job);
    return done || error_context(error, "restore");
}

/* Before anything is copied, so that rows are spread as they come. */
static bool distribute(struct job *job, struct error *error)
{
    int64_t count;
    job->server = server_connect(job->conninfo, 0, error);
    bool done =
        job->server != NULL && schema_distribute(job->server, clock_wall_ms(), &count, error);
    if (done) {
        cli_say(job->cli, "%lld tables distributed by account_id", (long long)count);
    }
    leave(job);
    return done || error_context(error, "distribute");
}

static bool mirror(struct job *job, struct error *error)
{
    struct cli *cli = job->cli;
    if (cli->options.follow && cli->options.check) {
        return error_set(error, ERROR_USAGE, "--follow or --check, not both");
    }
    if (!choose_server(job, error) || (cli->options.distribute && !distribute(job, error))) {
        return false;
    }
    if (cli->options.restore != NULL) {
        return restore(job, error);
    }
    return cli_open_database(cli, DATABASE_READ, error) && check_still(job, error) &&
           database_unmap(job->database, error) && choose_name(job, error) &&
           (cli->options.follow ? follow(job, error) : once(job, error));
}

static bool run(struct cli *cli, struct error *error)
{
    struct job job = {.cli = cli,
                      .database = &cli->database,
                      .settings.with_bodies = cli->options.with_bodies,
                      .watch.wake = -1};
    return mirror(&job, error) || error_context(error, "mirror");
}

const struct command COMMAND_MIRROR = {
    .name = "mirror",
    .arguments = "",
    .summary = "copy everything recorded to PostgreSQL, and keep it up to date",
    .options = {OPTION(server), OPTION(name), OPTION(follow), OPTION(with_bodies), OPTION(check),
                OPTION(restore), OPTION(distribute)},
    .run = run,
};
