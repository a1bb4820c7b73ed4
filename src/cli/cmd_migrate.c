#include "cli/cli.h"
#include "store/migrate.h"

static bool show_status(struct cli *cli, struct error *error)
{
    struct database database;
    int64_t version = 0, rows = 0;
    static const struct report_parameter NONE[] = {{0}};
    if (!cli_open_any_version(cli, &database, error)) {
        return false;
    }
    bool done = migrate_version(&database, &version, error) &&
                cli_report(cli, &database, "migrations", NONE, &rows, error) &&
                migrate_check_recorded(&database, error);
    if (done) {
        cli_say(cli, "%s: schema version %lld; this posrec writes %d%s", database.path,
                (long long)version, migrate_latest(),
                version < migrate_latest() ? " (run 'posrec migrate')" : "");
    }
    database_close(&database);
    return done;
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    int64_t version = 0;
    (void)exit_code;
    if (cli->options.status) {
        return show_status(cli, error);
    }
    if (!cli_open_database(cli, DATABASE_WRITE, &database, error)) {
        return false;
    }
    bool done = migrate_version(&database, &version, error);
    if (done) {
        cli_say(cli, "%s: schema version %lld, views up to date", database.path,
                (long long)version);
    }
    database_close(&database);
    return done;
}

const struct command COMMAND_MIGRATE = {
    .name = "migrate",
    .arguments = "",
    .summary = "bring the database to this posrec's schema",
    .help =
        "Applies the migrations that the database lacks, each in one transaction, and makes the\n"
        "views anew where their text changed. Commands that write do the same by themselves.\n"
        "A database that is not there yet is made.\n\n"
        "Examples:\n"
        "  posrec migrate --status\n"
        "  posrec -d posrec.db migrate\n",
    .options = {OPTION_STATUS, OPTION_FORMAT, OPTION_OUTPUT, OPTION_NONE},
    .run = run,
};
