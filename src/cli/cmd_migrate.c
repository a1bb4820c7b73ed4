#include "cli/cli.h"
#include "store/migrate.h"

static bool show_status(struct cli *cli, struct error *error)
{
    const struct database *database = &cli->database;
    const struct report_question question = cli_question(cli);
    int64_t version = 0, rows = 0;
    if (!cli_open_any_version(cli, error) || !migrate_version(database, &version, error) ||
        !cli_report(cli, &question, "migrations", &rows, error) ||
        !migrate_check_recorded(database, error)) {
        return false;
    }
    cli_say(cli, "%s: schema version %lld; this posrec writes %d%s", database->path,
            (long long)version, migrate_latest(),
            version < migrate_latest() ? " (run 'posrec migrate')" : "");
    return true;
}

static bool run(struct cli *cli, struct error *error)
{
    int64_t version = 0;
    if (cli->options.status) {
        return show_status(cli, error);
    }
    if (!cli_open_database(cli, DATABASE_WRITE, error) ||
        !migrate_version(&cli->database, &version, error)) {
        return false;
    }
    cli_say(cli, "%s: schema version %lld, views up to date", cli->database.path,
            (long long)version);
    return true;
}

const struct command COMMAND_MIGRATE = {
    .name = "migrate",
    .arguments = "",
    .summary = "bring the database to this posrec's schema",
    .options = {OPTION(status), OPTION(format), OPTION(output)},
    .run = run,
};
