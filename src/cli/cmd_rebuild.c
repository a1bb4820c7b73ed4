#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "host/run_lock.h"
#include "store/file/backup.h"
#include "store/migrate.h"
#include "store/rebuild.h"

static bool rebuild(const struct cli *cli, const struct database *database, struct error *error)
{
    struct progress progress;
    struct rebuild_watch watch = {&progress, progress_watch};
    int64_t captures = 0;
    progress_begin(&progress, "rebuild", 0, cli->options.quiet);
    bool done = rebuild_database(database, &watch, &captures, error);
    progress_end(&progress);
    if (done) {
        cli_say(cli, "%s: all rows derived again from %lld captures", database->path,
                (long long)captures);
    }
    return done;
}

/* Rebuilds a copy; the database itself is only read. A copy that cannot be rebuilt does not stay.
 */
static bool rebuild_copy(struct cli *cli, struct error *error)
{
    const char *output = cli->options.output;
    struct database copy;
    struct backup_watch no_watch = {0};
    if (!cli_open_database(cli, DATABASE_READ, error) ||
        !backup_database(&cli->database, output, &no_watch, error) ||
        !database_open(output, DATABASE_WRITE, &copy, error)) {
        return false;
    }
    bool done = rebuild(cli, &copy, error) && database_empty_log(&copy, error);
    database_close(&copy);
    if (!done) {
        backup_remove(output);
    }
    return done;
}

/* A recorder would wait for the whole transaction, and may give up what it has to write. */
static bool rebuild_alone(const struct cli *cli, struct error *error)
{
    int lock;
    if (!run_lock_keep_free(cli->database.path, &lock, error)) {
        return false;
    }
    bool done = rebuild(cli, &cli->database, error);
    close(lock);
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    if (cli->options.output != NULL) {
        return rebuild_copy(cli, error) || error_context(error, "rebuild");
    }
    return cli_open_database(cli, DATABASE_UPDATE, error) &&
           (rebuild_alone(cli, error) || error_context(error, "rebuild"));
}

const struct command COMMAND_REBUILD = {
    .name = "rebuild",
    .arguments = "",
    .summary = "derive all rows again from the archived bytes",
    .options = {OPTION(output)},
    .run = run,
};
