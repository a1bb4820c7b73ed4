#include "cli/cli.h"
#include "cli/progress.h"
#include "store/file/backup.h"
#include "store/verify.h"

static bool copy(const struct cli *cli, const char *path, struct error *error)
{
    struct progress progress;
    struct backup_watch watch = {&progress, progress_watch};
    progress_begin(&progress, "backup", 0, cli->options.quiet);
    bool done = backup_database(&cli->database, path, &watch, error);
    progress_end(&progress);
    return done;
}

static bool look_at_copy(const struct cli *cli, const char *path, struct error *error)
{
    int64_t captures;
    if (!backup_open_copy(path, &captures, error)) {
        return false;
    }
    cli_say(cli, "%s: copied, %lld captures ('posrec -d %s verify' proves them)", path,
            (long long)captures, path);
    return true;
}

static bool verify_copy(const struct cli *cli, const char *path, struct error *error)
{
    struct database database;
    struct verify_report report;
    struct verify_settings settings = {.from_capture_id = 1};
    char hex[SHA256_HEX_SIZE];
    if (!database_open(path, DATABASE_READ, &database, error)) {
        return false;
    }
    bool done = cli_verify(cli, &database, &settings, &report, error);
    database_close(&database);
    if (done && !report.rows_sound) {
        return error_set(error, ERROR_FAILED,
                         "%s: the copy is not sound: %s: %s (run 'posrec verify' on the original)",
                         path, verify_kind_name(report.kind), report.what);
    }
    if (done) {
        sha256_hex(&report.head, hex);
        cli_say(cli, "%s: copied and verified, %lld captures, head %s", path,
                (long long)report.captures, hex);
    }
    if (done && report.kind != VERIFY_SOUND) {
        cli_print(stderr, "posrec: backup: %s: %s", path, report.what);
    }
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    const char *path = cli->arguments[0];
    if (!cli_open_evidence(cli, error)) {
        return false;
    }
    return (copy(cli, path, error) &&
            (cli->options.verify ? verify_copy : look_at_copy)(cli, path, error)) ||
           error_context(error, "backup");
}

const struct command COMMAND_BACKUP = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "copy the database while it is in use",
    .options = {OPTION(verify)},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
