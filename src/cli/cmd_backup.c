#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "store/backup.h"
#include "store/verify.h"

static bool copy(const struct cli *cli, const struct database *database, const char *path,
                 struct error *error)
{
    struct progress progress;
    struct backup_watch watch = {&progress, progress_watch};
    progress_begin(&progress, "backup", 0, cli->options.quiet);
    bool done = backup_database(database, path, &watch, error);
    progress_end(&progress);
    return done;
}

static bool verify_copy(const struct cli *cli, const char *path, struct error *error)
{
    struct database database;
    struct progress progress;
    struct verify_report report;
    struct verify_settings settings = {
        .from_capture_id = 1, .context = &progress, .on_progress = progress_watch};
    char hex[SHA256_HEX_SIZE];
    if (!database_open(path, DATABASE_READ, &database, error)) {
        return false;
    }
    progress_begin(&progress, "verify", 0, cli->options.quiet);
    bool done = verify_database(&database, &settings, &report, error);
    progress_end(&progress);
    database_close(&database);
    if (done && !report.evidence_sound) {
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

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    const char *path = cli->arguments[0];
    (void)exit_code;
    if (!cli_open_evidence(cli, &database, error)) {
        return false;
    }
    bool done = copy(cli, &database, path, error);
    database_close(&database);
    return (done && verify_copy(cli, path, error)) || error_context(error, "backup");
}

const struct command COMMAND_BACKUP = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "copy the database while it is in use, and verify the copy",
    .help = "The copy is of one moment, whoever writes meanwhile. FILE must not be there yet; it "
            "stays\n"
            "for inspection when it does not verify.\n\n"
            "Examples:\n"
            "  posrec backup posrec-2026-11-24.db\n",
    .options = {OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
