#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "service/run_lock.h"
#include "store/backup.h"
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
    struct database database, copy;
    struct backup_watch no_watch = {0};
    if (!cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    bool done = backup_database(&database, cli->options.output, &no_watch, error);
    database_close(&database);
    if (!done || !database_open(cli->options.output, DATABASE_WRITE, &copy, error)) {
        return false;
    }
    done = rebuild(cli, &copy, error) && database_empty_log(&copy, error);
    database_close(&copy);
    if (!done) {
        backup_remove(cli->options.output);
    }
    return done;
}

/* A recorder would wait for the whole transaction, and may give up what it has to write. */
static bool rebuild_alone(const struct cli *cli, const struct database *database,
                          struct error *error)
{
    int lock;
    if (!run_lock_keep_free(database->path, &lock, error)) {
        return false;
    }
    bool done = rebuild(cli, database, error);
    close(lock);
    return done;
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    (void)exit_code;
    if (cli->options.output != NULL) {
        return rebuild_copy(cli, error) || error_context(error, "rebuild");
    }
    if (!cli_open_database(cli, DATABASE_UPDATE, &database, error)) {
        return false;
    }
    bool done = rebuild_alone(cli, &database, error) || error_context(error, "rebuild");
    database_close(&database);
    return done;
}

const struct command COMMAND_REBUILD = {
    .name = "rebuild",
    .arguments = "",
    .summary = "derive all rows again from the archived bytes",
    .help = "Contracts, legs, positions and valuations are made anew from the responses, in one\n"
            "transaction; captures and responses stay as they are. A rebuilt database equals the "
            "original\n"
            "row for row. Killed, it has changed nothing. While 'posrec run' records it is "
            "refused.\n\n"
            "With --output a copy is rebuilt and the database is only read, also while it is "
            "recorded into.\n\n"
            "Examples:\n"
            "  posrec rebuild\n"
            "  posrec rebuild --output rebuilt.db\n",
    .options = {OPTION_OUTPUT, OPTION_NONE},
    .run = run,
};
